import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  ownerOf,
  streamBlocks,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { applyFrames, openStream } from 'swapstream/testing'
import { recordingLog } from '../support/recording-log.ts'

const PAGE =
  '<h1>{{ title }}</h1><ul id="list">{% block list %}{% if notes %}<li>{{ notes }}</li>{% else %}<li>Loading…</li>{% endif %}{% endblock %}</ul><p id="sum">{% block sum %}{{ sum }}{% endblock %}</p>{% block root %}<b id="root">{{ root or "Loading…" }}</b>{% endblock %}'
const START = `<body>${PAGE.replace(/\{%.*?%\}|\{\{.*?\}\}|<li><\/li>/g, '')}</body>`

const later = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms)).then(() => value)
const broken = (ms = 0): Promise<never> =>
  later(ms, 0).then(() => Promise.reject(new Error('SECRET')))
const NOTICE = /<p [^>]*class="swapstream-error" role="alert"[^>]*>Something went wrong\.[^]*?<\/p>/

type Parts = Parameters<typeof streamBlocks>[1]

function dashboard(parts: () => Parts, options: SwapstreamOptions = {}) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: { 'x.html': PAGE }, log, ...options }))
  app.all('/parts', () => new EventStream(() => streamBlocks('x.html', parts())))
  const runs = createRuns()
  app.post('/run', async (c) => {
    const run = await runs.start(() => streamBlocks('x.html', parts()), { owner: ownerOf(c) })
    return new EventStream(run)
  })
  return { app, log }
}

/** The page after its parts have come, without the ids of notices. */
async function shown(parts: () => Parts, htmx: 4 | 2 = 4) {
  const { app, log } = dashboard(parts)
  const init: RequestInit = htmx === 2 ? { headers: { accept: 'text/event-stream' } } : {}
  if (htmx === 2) init.headers = { accept: 'text/event-stream', 'hx-request-type': '' }
  const events = await (await openStream(app, '/parts', init)).all()
  const frames = events.filter(({ event }) => event === undefined).map(({ data }) => data)
  const page = applyFrames(START, frames, { target: '#none', htmx })
  return { page: page.replace(new RegExp(NOTICE, 'g'), '!'), end: events.at(-1), log, events }
}

describe('a part of a page that fails', () => {
  test('has its notice in its own place, and the rest is drawn', async () => {
    const { page, end, events, log } = await shown(() => ({
      list: broken(),
      sum: later(5, { sum: 3 }),
      root: { root: 'here' },
    }))
    expect(page).toContain('<ul id="list">!</ul><p id="sum">3</p><b id="root">here</b>')
    expect(end).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
    expect(JSON.stringify(events)).not.toContain('SECRET')
    expect(JSON.stringify(events).match(/swapstream-error/g)).toHaveLength(1)
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  test('has it there also when it comes last, and when its block is the element itself', async () => {
    const { page } = await shown(() => ({ list: { notes: 1 }, root: broken(5) }))
    expect(page).toContain('<ul id="list"><li>1</li></ul>')
    expect(page).toContain('<b id="root">!</b>')
  })

  test('has it for each of several', async () => {
    const { page, log } = await shown(() => ({ list: broken(), sum: broken(2), root: broken(1) }))
    expect(page).toContain('<ul id="list">!</ul><p id="sum">!</p><b id="root">!</b>')
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(3)
  })

  test('says the cause in development', async () => {
    const { app } = dashboard(() => ({ list: broken() }), { expose: true })
    const events = await (await openStream(app, '/parts')).all()
    expect(events[0]!.data).toContain('SECRET')
  })

  test.each([
    ['of a browser without scripts', { accept: 'text/html' }],
    ['of a boosted link', { accept: 'text/html, text/event-stream', 'hx-boosted': 'true' }],
  ])('stands in the whole page %s', async (_, headers) => {
    const { app, log } = dashboard(() => ({
      list: broken(),
      sum: broken(2),
      root: { root: 'here', title: 'T' },
    }))
    const response = await app.request('/parts', { headers })
    expect(response.status).toBe(200)
    const page = (await response.text()).replace(new RegExp(NOTICE, 'g'), '!')
    expect(page).toBe('<h1>T</h1><ul id="list">!</ul><p id="sum">!</p><b id="root">here</b>')
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(2)
  })

  test('stands in the finished fragments of htmx without its extension', async () => {
    const { app } = dashboard(() => ({ list: broken(), sum: { sum: 3 } }))
    const headers = { accept: 'text/html', 'hx-request': 'true' }
    const text = (await (await app.request('/parts', { headers })).text()).replace(NOTICE, '!')
    expect(text).toContain('<div hx-swap-oob="innerMorph:#list">!</div>')
    expect(text).toContain('<div hx-swap-oob="innerMorph:#sum">3</div>')
  })
})

test('a run draws no part that failed as if it were empty', async () => {
  const { app } = dashboard(() => ({ list: broken(), sum: later(5, { sum: 3 }) }))
  const events = await (await openStream(app, '/run', { method: 'POST' })).all()
  const text = JSON.stringify(events)
  expect(text).toContain('#sum')
  expect(text).not.toContain('Loading')
  expect(text).toContain('Something went wrong.')
  expect(events.at(-1)).toMatchObject({ data: '{"reason":"error"}' })
})

test('what iterates over the parts itself gets the failure, after all that has come', async () => {
  const seen: string[] = []
  const reading = (async () => {
    for await (const { block } of streamBlocks('x.html', { list: broken(), sum: later(5, {}) }))
      seen.push(block)
  })()
  await expect(reading).rejects.toThrow('SECRET')
  expect(seen.at(-1)).toBe('sum')
})
