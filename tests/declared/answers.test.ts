import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import {
  sequenced,
  mount,
  events,
  ServerSentEvent,
  stream,
  streamToFragments,
  swapstream,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

const VARY = 'Accept, HX-Request, HX-Request-Type, HX-Boosted, HX-History-Restore-Request'

afterEach(() => expectNothingLeft(timersRunning))

function serving(...routes: object[]) {
  const log = recordingLog()
  const app = new Hono()
  const templates = {
    'chat.html': '<h1>Chat</h1>{% block response %}<p>{{ text }}</p>{% endblock %}',
  }
  app.use(swapstream({ templates, log }))
  mount(app, ...(routes as [object]))
  const post = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    app.request(path, { method: 'POST', headers, ...init })
  return { app, log, post }
}

const report = stream(
  {
    path: '/report',
    chunk: z.object({ pct: z.number() }),
    final: z.object({ url: z.string() }),
    encoding: sequenced,
  },
  async function* () {
    yield { pct: 50 }
    yield { pct: 100 }
    return { url: '/r' }
  },
)
const words = stream({ path: '/words' }, async function* () {
  yield 'a'
  yield 'b'
})

describe('Accept chooses', () => {
  test.each([
    ['', 'text/event-stream; charset=utf-8', /^event: start/],
    ['*/*', 'text/event-stream; charset=utf-8', /^event: start/],
    ['text/event-stream', 'text/event-stream; charset=utf-8', /^event: start/],
    ['application/x-ndjson', 'application/x-ndjson', /^{"pct":50}\n{"pct":100}\n{"url":"\/r"}\n$/],
    ['application/jsonl', 'application/x-ndjson', /^{"pct":50}\n/],
    ['application/json', 'application/json', /^{"url":"\/r"}$/],
    ['application/json, text/plain, */*', 'application/json', /^{"url":"\/r"}$/],
    ['application/json, text/event-stream', 'text/event-stream; charset=utf-8', /^event: start/],
    ['application/json, text/event-stream;q=0.9', 'application/json', /^{"url":"\/r"}$/],
    ['application/json;q=0, application/x-ndjson;q=0.1', 'application/x-ndjson', /^{"pct"/],
  ])('for %j: %s', async (accept, type, body) => {
    const { post } = serving(report)
    const response = await post('/report', accept ? { accept } : {})
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('vary')).toBe(VARY)
    expect(await response.text()).toMatch(body)
  })

  test('the list of values as the document when nothing is returned', async () => {
    const { post } = serving(words)
    expect(await (await post('/words', { accept: 'application/json' })).json()).toEqual(['a', 'b'])
    const lines = await post('/words', { accept: 'application/x-ndjson' })
    expect(await lines.text()).toBe('"a"\n"b"\n')
  })

  test('a document that can still fail, and is not endless', async () => {
    const late = stream({ path: '/late' }, async function* () {
      yield 'a'
      await new Promise((resolve) => setTimeout(resolve, 300))
      throw new HTTPException(418, { message: 'Teapot.' })
    })
    const endless = stream(
      { path: '/endless', limits: { maxOutputBytes: 1_000 } },
      async function* () {
        for (;;) yield 'x'.repeat(100)
      },
    )
    const { post } = serving(late, endless)
    const accept = 'application/json'
    expect((await post('/late', { accept })).status).toBe(418)
    const large = await post('/endless', { accept })
    expect([large.status, (await large.json()).code]).toEqual([502, 'source/too-large'])
  })

  test('the page, the fragment or the stream when the encoding is for htmx', async () => {
    const chat = stream({ path: '/chat', encoding: 'fragments' }, async function* () {
      yield* streamToFragments(['Hi'], 'chat.html', 'response')
    })
    const { post } = serving(chat)
    expect(await (await post('/chat', { accept: 'text/html' })).text()).toBe(
      '<h1>Chat</h1><p>Hi</p>',
    )
    const streamed = await post('/chat', { accept: 'text/event-stream' })
    expect(await streamed.text()).toMatch(/<p[^>]*>Hi<\/p>[^]*event: done/)
    // Elsewhere a fragment is a mistake, and not its JSON.
    const lost = stream({ path: '/lost' }, async function* () {
      yield* streamToFragments(['Hi'], 'chat.html', 'response')
    })
    const { post: ask, log } = serving(lost)
    expect((await ask('/lost')).status).toBe(502)
    expect(log.lines.at(-1)!.message).toMatch(/yielded a Fragment.*encoding: 'fragments'/)
  })
})

describe('what goes out', () => {
  test('is what the schema makes of it; events name their own encoding', async () => {
    const route = stream(
      { path: '/x', chunk: z.number().transform((n) => ({ n })), encoding: events() },
      async function* () {
        yield 1
        yield new ServerSentEvent({ event: 'usage', data: '7' }) as unknown as number
      },
    )
    const { post } = serving(route)
    expect(await (await post('/x')).text()).toBe(
      'data: {"n":1}\n\nevent: usage\ndata: 7\n\nevent: done\ndata: {"reason":"done"}\n\n',
    )
  })

  test.each([
    ['chunk', 'source/chunk', '{"pct":1}'],
    ['final', 'source/final', '{"pct":1}'],
  ])(
    'never is a wrong %s: one error in its place, and the handler is closed',
    async (bad, code, sent) => {
      const seen: string[] = []
      const route = stream(
        {
          path: '/x',
          chunk: z.object({ pct: z.number() }),
          final: z.string(),
          encoding: sequenced,
        },
        async function* ({ signal }) {
          signal.addEventListener('abort', () => seen.push('aborted'))
          try {
            yield { pct: 1 }
            if (bad === 'chunk') yield { pct: 'SECRET' as unknown as number }
            return 1 as unknown as string
          } finally {
            seen.push('closed')
          }
        },
      )
      const { post, log } = serving(route)
      const text = await (await post('/x')).text()
      const received = text.trim().split('\n\n')
      expect(received.map((event) => event.split('\n')[0])).toEqual([
        'event: start',
        'event: chunk',
        'event: error',
      ])
      expect(received[1]).toContain(sent)
      expect(received[2]).toContain(`"code":"${code}"`)
      expect(text).not.toContain('SECRET')
      expect(seen.toSorted()).toEqual(['aborted', 'closed'])
      expect(log.lines[0]!.message).toMatch(
        /^stream failed: POST \/x (yielded|returned) a value that/,
      )
    },
  )

  test.each([
    ['never', false, true],
    ['dev', false, true],
    ['dev', true, false],
    ['always', false, false],
  ] as const)('is looked at with validate: %s, expose %s', async (validate, expose, sends) => {
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog(), expose }))
    const route = stream({ path: '/x', chunk: z.number(), validate }, async function* () {
      yield 'no number' as unknown as number
    })
    mount(app, route)
    const response = await app.request('/x', { method: 'POST' })
    expect(response.status).toBe(sends ? 200 : 502)
    await response.text()
  })
})

describe('hooks', () => {
  test.each(['text/event-stream', 'application/x-ndjson', 'application/json'])(
    'are not run for HEAD, which wants the headers: %s',
    async (accept) => {
      const ran: string[] = []
      const note = (what: string) => (): void => void ran.push(what)
      const definition = {
        path: '/x',
        method: 'GET',
        guards: [note('guard')],
        before: { a: note('before') },
        after: { b: note('after') },
        onEnd: note('end'),
      } as const
      const { app } = serving(
        stream(definition, async function* () {
          ran.push('handler')
          yield 1
        }),
      )
      const head = await app.request('/x', { method: 'HEAD', headers: { accept } })
      expect([head.status, await head.text(), ran]).toEqual([200, '', ['guard']])
      expect(head.headers.get('content-type')).toContain(accept)
      await (await app.request('/x', { headers: { accept } })).text()
      expect(ran).toEqual(['guard', 'guard', 'before', 'handler', 'after', 'end'])
    },
  )

  test('before: side by side, after the input, and what they throw is the status', async () => {
    let running = 0
    let most = 0
    const hook = async (): Promise<number> => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running -= 1
      return most
    }
    let started = false
    const fine = stream(
      { path: '/fine', before: { a: hook, b: hook } },
      async function* ({ before }) {
        yield before
      },
    )
    const refused = stream(
      {
        path: '/refused',
        before: {
          a: hook,
          user: () => {
            throw new HTTPException(404, { message: 'Nobody.' })
          },
        },
      },
      async function* () {
        started = true
      },
    )
    const { post } = serving(fine, refused)
    expect(await (await post('/fine')).text()).toBe('data: {"a":2,"b":2}\n\n')
    const response = await post('/refused')
    expect([response.status, await response.text()]).toEqual([404, 'Nobody.'])
    expect(started).toBe(false)
  })

  test('after: with the final value that fits, before the end is sent', async () => {
    const order: unknown[] = []
    const ends: unknown[] = []
    const after = vi.fn<(seen: { final: unknown; before: unknown }) => Promise<void>>(
      async ({ final, before }) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        order.push(['after', final, before])
      },
    )
    const fine = stream(
      {
        path: '/fine',
        final: z.number().transform(String),
        before: { user: () => 'Ada' },
        after: { after, other: () => void order.push('other') },
        encoding: sequenced,
        onEnd: (end) => ends.push(end.final),
      },
      async function* () {
        return 7
      },
    )
    const failing = stream(
      {
        path: '/failing',
        encoding: sequenced,
        after: {
          audit() {
            throw new Error('SECRET')
          },
        },
      },
      async function* () {
        yield 1
        return 2
      },
    )
    const { post } = serving(fine, failing)
    expect(await (await post('/fine')).text()).toContain('event: complete')
    expect(order).toEqual(['other', ['after', '7', { user: 'Ada' }]])
    expect(ends).toEqual(['7'])
    const text = await (await post('/failing')).text()
    expect(text).toMatch(/event: error\n[^\n]+\n\n$/)
    expect(text).not.toMatch(/complete|SECRET/)
  })

  test('of a HEAD: guards and input say its status, no hook runs and no handler starts', async () => {
    const called: string[] = []
    const call = (what: string) => (): void => void called.push(what)
    const input = { query: z.object({ n: z.coerce.number().default(1) }) }
    const hooks = { before: { user: call('before') }, after: { bill: call('after') } }
    const guards = [() => (call('guard')(), true)]
    const path = { method: 'GET', guards, input, ...hooks } as const
    const feed = stream({ path: '/feed', ...path }, async function* () {
      call('handler')()
    })
    const frames = stream({ path: '/frames', encoding: 'fragments', ...path }, async function* () {
      call('handler')()
    })
    const { app } = serving(feed, frames)
    for (const accept of ['text/event-stream', 'application/x-ndjson', 'application/json'])
      for (const address of ['/feed', '/frames']) {
        const response = await app.request(address, { method: 'HEAD', headers: { accept } })
        expect([response.status, await response.text()]).toEqual([200, ''])
        if (address === '/feed') expect(response.headers.get('content-type')).toContain(accept)
        const wrong = await app.request(`${address}?n=x`, { method: 'HEAD', headers: { accept } })
        expect(wrong.status).toBe(422)
      }
    expect(new Set(called)).toEqual(new Set(['guard']))
  })
})

test('a client that leaves aborts the handler, and the route that it uses', async () => {
  const seen: string[] = []
  const inner = stream({ path: '/inner', chunk: z.string() }, async function* ({ signal }) {
    signal.addEventListener('abort', () => seen.push('aborted'))
    try {
      for (;;) {
        yield 'tick'
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    } finally {
      seen.push('inner closed')
    }
  })
  const outer = stream({ path: '/outer' }, async function* ({ signal }) {
    try {
      yield* inner({ signal })
    } finally {
      seen.push('outer closed')
    }
  })
  const { post } = serving(outer)
  const reader = (await post('/outer')).body!.getReader()
  await reader.read()
  await reader.cancel()
  await eventually(() => expect(seen).toEqual(['aborted', 'inner closed', 'outer closed']))
})
