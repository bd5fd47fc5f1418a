import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections } from './support/raw-connection.ts'
import { readEvents, type ReadStream } from './support/read-events.ts'

const app = useApp(CONFORMANCE)
const { request } = useConnections(() => app().port)
const stats = useStats(() => app().port)

const DONE = { event: 'done', data: '{"reason":"done"}' }
const post = async (path: string, body: string): Promise<ReadStream> => {
  const response = await request(path, {
    method: 'POST',
    body,
    headers: { accept: 'text/event-stream' },
  })
  return readEvents(await response.text())
}

describe('the routes of the conformance app', () => {
  test('/stats counts sources that were started and torn down, and the values between', async () => {
    const before = await stats()
    expect(Object.keys(before)).toEqual([
      'opened',
      'finished',
      'active',
      'produced',
      'rss',
      'heapUsed',
      'arrayBuffers',
      'scopesOpened',
      'scopesClosed',
    ])
    await (await request('/short')).text()
    await expectAllFinished(stats)
    const after = await stats()
    expect(after.opened - before.opened).toBe(1)
    expect(after.finished - before.finished).toBe(1)
    expect(after.produced - before.produced).toBe(3)
  })

  test('/short leaves one line in the log, with what it was', async () => {
    await (await request('/short')).text()
    await eventually(() => {
      const line = app()
        .log()
        .split('\n')
        .find((text) => text.includes('"GET /short"'))
      expect(JSON.parse(line ?? '{}')).toMatchObject({
        level: 'info',
        msg: 'stream ended',
        route: 'GET /short',
        reason: 'done',
        values: 3,
        frames: 4,
        bytes: expect.any(Number),
        ms: expect.any(Number),
      })
    })
  })

  test('/text draws the whole block for every token, and once more at the end', async () => {
    const { events } = await post('/text', JSON.stringify({ tokens: ['He', 'llo', ' <b>'] }))
    expect(events.at(-1)).toEqual(DONE)
    const shown = shownAfterEach(events, { htmx: 2 })
    expect(shown.map((html) => />([^<]*)</.exec(html)![1]).slice(0, 4)).toEqual([
      'He',
      'Hello',
      'Hello &lt;b&gt;',
      'Hello &lt;b&gt;',
    ])
    expect(new Set(shown.slice(3))).toEqual(new Set([shownAtEnd(events, { htmx: 2 })]))
    expect(shown.at(-1)).toContain('aria-busy="false"')
  })

  test('/text without tokens still ends its waiting sign', async () => {
    const { events } = await post('/text', '{"tokens":[]}')
    expect(events.map(({ event }) => event)).toEqual([undefined, 'done'])
    expect(events[0]!.data).toContain('aria-busy="false"')
  })

  test('/markdown draws safe Markdown for every token, with what is open closed', async () => {
    const tokens = ['An **ans', 'wer** <b>', '\n\n- [x](javascript:y)']
    const { events } = await post('/markdown', JSON.stringify({ tokens }))
    expect(events.at(-1)).toEqual(DONE)
    const shown = shownAfterEach(events, { htmx: 2 })
    expect(shown.map((html) => /<div>([^]*?)<\/div>/.exec(html)![1]).slice(0, 4)).toEqual([
      '<p>An <strong>ans</strong></p>\n',
      '<p>An <strong>answer</strong> &lt;b&gt;</p>\n',
      '<p>An <strong>answer</strong> &lt;b&gt;</p>\n<ul>\n<li>[x](javascript:y)</li>\n</ul>\n',
      '<p>An <strong>answer</strong> &lt;b&gt;</p>\n<ul>\n<li>[x](javascript:y)</li>\n</ul>\n',
    ])
    expect(new Set(shown.slice(3))).toEqual(new Set([shownAtEnd(events, { htmx: 2 })]))
    expect(shown.at(-1)).toContain('aria-busy="false"')
  })

  test('/auto with Markdown ends with the same block', async () => {
    const tokens = ['An **ans', 'wer** <b>', '\n\n- a']
    const last = async (path: string, body: object): Promise<string> => {
      const { events } = await post(path, JSON.stringify({ tokens, ...body }))
      expect(events.at(-1)).toEqual(DONE)
      return shownAtEnd(events, { htmx: 2 })
    }
    const whole = await last('/markdown', {})
    expect(whole).toContain('</p>\n<ul>')
    expect(await last('/auto', { block: 'markdown' })).toBe(whole)
  })

  test('/seeds/jero/events sends a plain record and one with every field', async () => {
    const read = readEvents(await (await request('/seeds/jero/events')).text())
    expect(read.events).toEqual([
      { data: '{"id":1,"title":"Metropolis"}' },
      { event: 'added', id: '2', data: '{"id":2,"title":"M"}' },
      DONE,
    ])
    expect(read.retries).toEqual([1_000])
  })

  test('/seeds/jero/movies sends one record a line', async () => {
    const response = await request('/seeds/jero/movies')
    expect((await response.head).headers['content-type']).toBe('application/x-ndjson')
    expect(await response.text()).toBe('{"id":1,"title":"Metropolis"}\n{"id":2,"title":"M"}\n')
    expect(response.chunks).toBe(2)
  })

  test('/seeds/jero/export sends bytes from a scope that is closed behind them', async () => {
    const { scopesOpened, scopesClosed } = await stats()
    const response = await request('/seeds/jero/export')
    expect((await response.head).headers['content-type']).toBe('text/csv')
    expect(await response.text()).toBe('id,title\n1,Metropolis\n2,M\n')
    await eventually(async () => {
      expect(await stats()).toMatchObject({
        scopesOpened: scopesOpened + 1,
        scopesClosed: scopesClosed + 1,
      })
    })
  })

  test('/auto sends the first token at once, and what follows at once together', async () => {
    const { events } = await post('/auto', '{"tokens":["Hel","lo ","<b>"],"block":"text"}')
    const shown = shownAfterEach(events, { htmx: 2 })
    expect(shown[0]).toContain('>Hel<')
    expect(shown[1]).toContain('>Hello &lt;b&gt;<')
    expect(new Set(shown.slice(1))).toEqual(new Set([shownAtEnd(events, { htmx: 2 })]))
  })

  test('/seeds/llamabot/chat uses the names of its encoding, from the first event to the last', async () => {
    const { events } = await post('/seeds/llamabot/chat', '{"messages":["hi there"]}')
    expect(new Set(events.slice(0, -1).map(({ event }) => event))).toEqual(new Set(['content']))
    expect(events.map(({ data }) => data).join('')).toBe(
      'Hello, you wrote: hi there{"reason":"done"}',
    )
    expect(events.at(-1)!.event).toBe('complete')
  })

  test('/seeds/chirp/chat lets the answer grow in its block', async () => {
    const { events } = await post('/seeds/chirp/chat', 'prompt=one+two+three')
    const shown = shownAfterEach(events, { htmx: 2 })
    expect(shown[0]).toContain('>one <')
    const end = shownAtEnd(events, { htmx: 2 })
    expect(shown.at(-1)).toBe(end)
    expect(end).toMatch(/ aria-busy="false"[^>]*>one two three</)
    expect(events.at(-1)).toEqual(DONE)
  })

  test('/seeds/chirp/ask shows the sources first, and once', async () => {
    const { events } = await post('/seeds/chirp/ask', 'question=why')
    expect(events[0]!.data).toMatch(
      /^<div hx-swap-oob="innerMorph:#sources"><li>The first book<\/li>/,
    )
    expect(events.filter(({ data }) => data.includes('The first book'))).toHaveLength(1)
    const page = '<ol id="sources"></ol><div id="answer"></div>'
    expect(shownAtEnd(events, { page, htmx: 2 })).toContain('About why: see [1] and [2].')
    expect(events.at(-1)).toEqual(DONE)
  })
})
