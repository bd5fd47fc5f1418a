import fc from 'fast-check'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import {
  EventStream,
  Fragment,
  streamToFragments,
  swapstream,
  type EventStreamOptions,
  type StreamEnd,
} from 'swapstream'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { timersRunning } from '../../src/shared/clock.ts'
import { applyFrames } from '../../src/testing/apply-frames.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))

const templates = {
  'chat.html': `<ol id="sources">{% block sources %}{% for s in sources %}<li>{{ s | careful }}</li>{% endfor %}{% endblock %}</ol>
<div id="answer">{% block response %}<p title="{{ note | careful }}">{{ text }}</p>{% endblock %}
{% block later %}<p>{{ text | slowly }}</p>{% endblock %}</div>
{% block item %}<li>{{ text | careful }}</li>{% endblock %}`,
}
const careful = (value: unknown): unknown => {
  if (String(value).includes('!')) throw new Error('SECRET')
  return value
}

/** The events of a stream of these fragments, and what else is heard of it. */
async function shown(
  source: () => AsyncIterable<unknown> | Iterable<unknown>,
  options: EventStreamOptions = {},
  morphs = true,
) {
  const log = recordingLog()
  const app = new Hono()
  app.use(
    swapstream({
      templates,
      log,
      filters: { careful },
      asyncFilters: { slowly: async (value: unknown) => careful(value) },
    }),
  )
  const errors: unknown[] = []
  let end: StreamEnd | undefined
  app.post(
    '/',
    () =>
      new EventStream(source, {
        frameMs: 0,
        ...options,
        onEnd: (told) => void (end = told),
        onError: (error) => errors.push(error),
      }),
  )
  const htmx4 = { 'hx-request': 'true', 'hx-request-type': 'partial' }
  const headers = { accept: 'text/event-stream', ...(morphs ? htmx4 : {}) }
  const answer = await app.request('/', { method: 'POST', headers })
  const { status } = answer
  const events: ReadEvent[] = []
  if (status === 200) for await (const event of readEvents(answer)) events.push(event)
  const frames = events.filter(({ event }) => event === undefined).map(({ data }) => data)
  const page = '<ol id="sources"></ol><div id="answer"></div>'
  const dom = applyFrames(page, frames, { target: '#answer' })
  const logged = log.lines.filter(({ level }) => level === 'error')
  return { status, events, frames, dom, end, errors, logged }
}
const response = (text: string, note = '', final = false): Fragment =>
  new Fragment('chat.html', 'response', { text, note }, { final })
const later = (text: string, final = false): Fragment =>
  new Fragment('chat.html', 'later', { text }, { final })
const NOTICE =
  /<p[^>]* class="swapstream-error" role="alert">Something went wrong\. <small>\(render\/failed \w+\)<\/small><\/p>/

describe('a fragment that cannot be drawn', () => {
  test.each([
    ['', response],
    [' after a while', later],
  ])('%s keeps what is shown, with a notice, until the next one can be drawn', async (_, draw) => {
    const broken = draw === response ? response('two', '!') : later('two!')
    const { frames, dom, events, end, errors, logged } = await shown(() => [
      draw('one'),
      broken,
      broken,
      draw('three'),
    ])
    expect(frames[1]).toMatch(
      /^<div hx-swap-oob="afterend transition:false target:#s\w+\+\*"><p id="s\w+" class="swapstream-error"/,
    )
    expect(
      applyFrames('<div id="answer"></div>', frames.slice(0, 2), { target: '#answer' }),
    ).toMatch(new RegExp(`one</p>${NOTICE.source}</div>`))
    expect(dom).toContain('three</p></div>')
    expect(dom).not.toContain('swapstream-error')
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
    expect(end).toMatchObject({ reason: 'done', failed: 1, values: 4 })
    expect([errors.length, logged.length]).toEqual([1, 1])
    expect(JSON.stringify(events)).not.toContain('SECRET')
  })

  test('as the last of its block stays shown as failed, and so ends the stream', async () => {
    const { dom, events, end, logged } = await shown(() => [
      response('kept'),
      new Fragment('chat.html', 'sources', { sources: ['!'] }, { target: '#sources' }),
      response('all', '', true),
    ])
    expect(dom).toMatch(new RegExp(`<ol id="sources">${NOTICE.source}</ol>`))
    expect(dom).toContain('<p title="">all</p>')
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
    expect(end).toMatchObject({ reason: 'error', failed: 1 })
    expect((end!.error as Error).message).toContain('SECRET')
    expect(logged).toHaveLength(1)
  })

  test('says so where the answer would land, when only something else was shown', async () => {
    const sources = new Fragment(
      'chat.html',
      'sources',
      { sources: ['one'] },
      { target: '#sources' },
    )
    const { dom } = await shown(() => [sources, response('x', '!'), response('y', '!')])
    expect(dom).toMatch(new RegExp(`<li>one</li></ol><div id="answer">${NOTICE.source}</div>`))
    const healed = await shown(() => [sources, response('x', '!'), response('y', '', true)])
    expect(healed.dom).toContain('<div id="answer"><p title="">y</p></div>')
  })

  test('as one piece among others is one notice among them', async () => {
    const piece = (text: string): Fragment =>
      new Fragment('chat.html', 'item', { text }, { target: '#sources', swap: 'beforeend' })
    const { dom, end } = await shown(() => [piece('a'), piece('!'), piece('b'), piece('!')])
    expect(dom).toMatch(
      new RegExp(`<ol id="sources"><li>a</li>${NOTICE.source}<li>b</li>${NOTICE.source}</ol>`),
    )
    expect(end).toMatchObject({ reason: 'done', failed: 2 })
  })

  test('as the first thing of all is an HTTP error', async () => {
    const { status, end, logged } = await shown(() => [response('x', '!'), response('y')])
    expect([status, end!.reason, logged.length]).toEqual([500, 'error', 1])
  })

  test('never changes what the page ends in, with any failed frames and any reader', async () => {
    const step = fc.record({ text: fc.constantFrom('a', 'b<', ' '), fails: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 8 }),
        fc.constantFrom('auto', 'full'),
        fc.boolean(),
        fc.constantFrom(0, undefined),
        async (steps, updates, morphs, frameMs) => {
          const source = async function* (): AsyncGenerator<Fragment> {
            let at = 0
            const tokens = ['first', ...steps.map(({ text }) => text)]
            for await (const fragment of streamToFragments(tokens, 'chat.html', 'response')) {
              const fails = steps[at++ - 1]?.fails === true
              const note = fails ? '!' : String(Math.floor(at / 3))
              const { template, block, context, final } = fragment
              yield new Fragment(template, block, { ...context, note }, { final })
            }
          }
          const pace = frameMs === undefined ? {} : { frameMs }
          const { dom, end } = await shown(
            source,
            { updates, ...pace } as EventStreamOptions,
            morphs,
          )
          const text = ['first', ...steps.map((each) => each.text)].join('').replaceAll('<', '&lt;')
          const note = Math.floor((steps.length + 2) / 3)
          expect(dom).toContain(`<div id="answer"><p title="${note}">${text}</p></div>`)
          expect(end!.reason).toBe('done')
        },
      ),
    )
  })
})
