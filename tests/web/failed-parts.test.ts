import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  runRoutes,
  streamBlocks,
  streamWithSources,
  swapstream,
  type Runs,
  type SwapstreamOptions,
} from 'swapstream'
import { createMemoryStore } from 'swapstream/stores'
import { readEvents } from 'swapstream/client'
import { applyFrames, openStream } from 'swapstream/testing'
import { STREAMING_REQUEST } from '../../src/htmx/request.ts'
import { recordingLog } from '../support/recording-log.ts'

const PAGE =
  '<h1>{{ title }}</h1><ul id="list">{% block list %}{% if notes %}<li>{{ notes }}</li>{% else %}<li>Loading…</li>{% endif %}{% endblock %}</ul><p id="sum">{% block sum %}{{ sum }}{% endblock %}</p>{% block root %}<b id="root">{{ root or "Loading…" }}</b>{% endblock %}'
const ANSWER =
  '{% block sources %}<i id="sources"></i>{% endblock %}{% block response %}<p>{{ text or "Loading…" }}</p>{% endblock %}'
const START = `<body>${PAGE.replace(/\{%.*?%\}|\{\{.*?\}\}|<li><\/li>/g, '')}<div id="none"></div></body>`

const later = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms)).then(() => value)
const broken = (ms = 0): Promise<never> =>
  later(ms, 0).then(() => Promise.reject(new Error('SECRET')))
const NOTICE = /<p [^>]*class="swapstream-error" role="alert"[^>]*>Something went wrong\.[^]*?<\/p>/

async function readAll(response: Response) {
  const events = []
  for await (const event of readEvents(response)) events.push(event)
  return events
}

type Parts = Parameters<typeof streamBlocks>[1]

function dashboard(parts: () => Parts, options: SwapstreamOptions = {}) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: { 'x.html': PAGE }, log, ...options }))
  app.all('/parts', () => new EventStream(() => streamBlocks('x.html', parts())))
  return { app, log }
}

/** The page after its parts have come, without the ids of notices. */
async function shown(parts: () => Parts, htmx: 4 | 2 = 4) {
  const { app, log } = dashboard(parts)
  const own = htmx === 4 ? STREAMING_REQUEST : { accept: 'text/event-stream' }
  const events = await readAll(await app.request('/parts', { headers: own }))
  const frames = events.filter(({ event }) => event === undefined).map(({ data }) => data)
  const page = applyFrames(START, frames, { target: '#none', htmx })
  return { page: page.replace(new RegExp(NOTICE, 'g'), '!'), end: events.at(-1), log, events }
}

describe('a part of a page that fails', () => {
  test.each([4, 2] as const)(
    'has its notice in its own place, and the rest is drawn, in htmx %i',
    async (htmx) => {
      const { page, end, events, log } = await shown(
        () => ({
          list: broken(),
          sum: later(5, { sum: 3 }),
          root: { root: 'here' },
        }),
        htmx,
      )
      expect(page).toContain('<ul id="list">!</ul><p id="sum">3</p><b id="root">here</b>')
      expect(end).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
      expect(JSON.stringify(events)).not.toContain('SECRET')
      expect(JSON.stringify(events).match(/swapstream-error/g)).toHaveLength(1)
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    },
  )

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

/** Two nodes with one store: the first makes the runs, both show them. */
function nodes(source: () => ReturnType<typeof streamBlocks>, options: SwapstreamOptions = {}) {
  const log = recordingLog()
  const store = createMemoryStore()
  const onError: unknown[] = []
  const node = (runs: Runs): Hono => {
    const app = new Hono()
    app.use(swapstream({ templates: { 'x.html': PAGE, 'y.html': ANSWER }, log, ...options }))
    app.post('/run', async (c) => {
      const report = (error: unknown) => onError.push(error)
      const run = await runs.start(source, { owner: 'a', onError: report })
      c.header('x-path', run.path)
      return new EventStream(run)
    })
    return app.route('/runs', runRoutes(runs, { owner: () => 'a' }))
  }
  const apps = { first: node(createRuns({ store })), second: node(createRuns({ store })) }
  const errors = () => log.lines.filter(({ level }) => level === 'error')
  return { ...apps, log, onError, errors }
}

/** What a page shows in the end, and the last event. */
async function watched(app: Hono, path: string, init: RequestInit = {}, htmx: 4 | 2 = 4) {
  // The sse extension of htmx 2 reads with EventSource, which sends no header of htmx.
  const own = htmx === 4 ? STREAMING_REQUEST : { accept: 'text/event-stream' }
  const response = await app.request(path, { ...init, headers: { ...own, ...init.headers } })
  const events = await readAll(response)
  const frames = events.filter(({ event }) => event === undefined).map(({ data }) => data)
  const page = applyFrames(START, frames, { target: '#none', htmx })
  const ids = page.match(/source\/failed [0-9a-f]{8}/g) ?? []
  const end = events.at(-1)
  return { page: page.replace(new RegExp(NOTICE, 'g'), '!'), ids, end, response }
}

const SHOWN = '<ul id="list">!</ul><p id="sum">3</p><b id="root">here</b>'
const oneFails = () =>
  streamBlocks('x.html', { list: broken(), sum: later(5, { sum: 3 }), root: { root: 'here' } })

describe('a part of a run that fails', () => {
  test.each([4, 2] as const)(
    'has its notice in its own place, under one id for all who look, in htmx %i',
    async (htmx) => {
      const { first, second, errors, onError } = nodes(oneFails)
      const start = await watched(first, '/run', { method: 'POST' })
      const path = start.response.headers.get('x-path')!
      const late = await watched(first, path, {}, htmx)
      const elsewhere = await watched(second, path, {}, htmx)
      for (const { page, ids, end } of [start, late, elsewhere]) {
        expect(page).toContain(SHOWN)
        expect(ids).toEqual([start.ids[0]])
        expect(end).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
      }
      expect(errors()).toHaveLength(1)
      expect(start.ids[0]).toContain(errors()[0]!.fields['id'])
      expect(onError).toHaveLength(1)
    },
  )

  test('has it for each of several, with an id of its own', async () => {
    const { first, second, errors } = nodes(() =>
      streamBlocks('x.html', { list: broken(), sum: broken(2), root: broken(1) }),
    )
    const start = await watched(first, '/run', { method: 'POST' })
    const again = await watched(second, start.response.headers.get('x-path')!)
    for (const { page, ids } of [start, again]) {
      expect(page).toContain('<ul id="list">!</ul><p id="sum">!</p><b id="root">!</b>')
      expect(new Set(ids).size).toBe(3)
    }
    expect(again.ids.toSorted()).toEqual(start.ids.toSorted())
    expect(errors()).toHaveLength(3)
  })

  test('has it also for what is no error, and where all others are still waited for', async () => {
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => (go = resolve))
    const { first, second } = nodes(() =>
      // oxlint-disable-next-line prefer-promise-reject-errors
      streamBlocks('x.html', {
        list: Promise.reject('SECRET'),
        sum: gate.then(() => ({ sum: 3 })),
      }),
    )
    const post = await openStream(first, '/run', { method: 'POST' })
    await post.until(({ data }) => data.includes('role="alert"'))
    const path = post.response.headers.get('x-path')!
    const viewer = await openStream(second, path)
    await viewer.until(({ data }) => data.includes('role="alert"'))
    go()
    await viewer.all()
    await post.all()
    const { page, ids } = await watched(second, path)
    expect(page).toContain('<ul id="list">!</ul><p id="sum">3</p>')
    expect(ids).toHaveLength(1)
  })

  test('keeps it for a client that comes back', async () => {
    const { first, second } = nodes(oneFails)
    const start = await openStream(first, '/run', { method: 'POST' })
    const events = await start.all()
    const id = events.findLast((event) => event.id !== undefined)?.id
    const headers = { 'last-event-id': id ?? '0-1' }
    const back = await watched(second, start.response.headers.get('x-path')!, { headers })
    expect(back.page).toContain(SHOWN)
    expect(back.ids).toHaveLength(1)
  })

  test('stands in the whole page of a browser without scripts, at once and after a reload', async () => {
    const { first, second, errors } = nodes(oneFails)
    const headers = { accept: 'text/html' }
    const start = await first.request('/run', { method: 'POST', headers })
    const path = start.headers.get('x-path')!
    const pages = [
      start,
      await first.request(path, { headers }),
      await second.request(path, { headers }),
    ]
    for (const response of pages) {
      expect(response.status).toBe(200)
      expect((await response.text()).replace(NOTICE, '!')).toBe(`<h1></h1>${SHOWN}`)
    }
    expect(errors()).toHaveLength(1)
  })

  test.each(['text/html', '*/*'])(
    'stands in the finished fragments of htmx 2, which reads no stream (%s)',
    async (accept) => {
      const { first, second } = nodes(oneFails)
      const headers = { accept, 'hx-request': 'true' }
      const start = await first.request('/run', { method: 'POST', headers })
      const again = await second.request(start.headers.get('x-path')!, { headers })
      for (const response of [start, again]) {
        const text = (await response.text()).replace(NOTICE, '!')
        expect(text).toContain('<div hx-swap-oob="innerMorph:#list">!</div>')
        expect(text).toContain('<div hx-swap-oob="innerMorph:#sum">3</div>')
      }
    },
  )

  test('says the cause in development, and to no client in production', async () => {
    for (const expose of [true, false]) {
      const { first, second } = nodes(oneFails, { expose })
      const start = await openStream(first, '/run', { method: 'POST' })
      expect(JSON.stringify(await start.all()).includes('SECRET')).toBe(expose)
      const again = await openStream(second, start.response.headers.get('x-path')!)
      expect(JSON.stringify(await again.all()).includes('SECRET')).toBe(expose)
    }
  })
})

describe('an answer with sources in a run', () => {
  const failing = {
    'whose sources fail': () =>
      streamWithSources(['never read'], 'y.html', {
        renderInitial: true,
        sources: broken(5),
      }),
    'whose text fails': () => streamWithSources(half(), 'y.html', { sources: [1] }),
  }
  async function* half() {
    yield 'half'
    await broken(5)
  }

  test.each(Object.entries(failing))('%s shows that once, below what it has', async (_, source) => {
    const { first, second, errors } = nodes(source)
    const start = await watched(first, '/run', { method: 'POST' })
    const again = await watched(second, start.response.headers.get('x-path')!)
    for (const { page, ids, end } of [start, again]) {
      expect(page).toMatch(/<p>(?:half|Loading…)<\/p>!<\/div>/)
      expect(ids).toEqual([start.ids[0]])
      expect(end).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
    }
    expect(errors()).toHaveLength(1)
  })
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
