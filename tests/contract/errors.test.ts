import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections } from './support/raw-connection.ts'
import { readEvents } from './support/read-events.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'

const app = useApp(CONFORMANCE)
const { request } = useConnections(() => app().port)
const stats = useStats(() => app().port)

/** What must never leave the process: the message, a path, a frame of a stack. */
const INSIDE = /SECRET|\/work|\.ts\b|node_modules|\n\s+at |Error:/
const EVENT_STREAM = { accept: 'text/event-stream' }

describe('a source that fails', () => {
  test.each(['*/*', 'text/html', 'text/event-stream', 'application/json'])(
    'before its first value is an ordinary HTTP error for a client that takes %s',
    async (accept) => {
      const response = await request('/error-first', { headers: { accept } })
      const { status, headers } = await response.head
      expect(status).toBe(500)
      expect(headers['content-type']).not.toContain('event-stream')
      expect(await response.text()).not.toMatch(INSIDE)
      await expectAllFinished(stats)
    },
  )

  test('before its first value may choose the status', async () => {
    const response = await request('/seeds/jero/setup-error')
    const { status, headers } = await response.head
    expect(status).toBe(418)
    expect(headers['content-type']).not.toContain('event-stream')
    await response.text()
    await expectAllFinished(stats)
  })

  test.each(['/error-mid', '/error-undefined'])(
    'after its first value says so once, last, and ends cleanly: %s',
    async (path) => {
      const response = await request(path)
      expect((await response.head).status).toBe(200)
      const body = await response.text()
      const { events } = readEvents(body)
      expect(events).toEqual([{ data: 'one' }, { event: 'error', data: expect.any(String) }])
      expect(JSON.parse(events[1]!.data)).toMatchObject({
        code: 'source/failed',
        id: expect.stringMatching(/^[0-9a-f]{8}$/),
        message: expect.any(String),
      })
      expect(body).not.toMatch(INSIDE)
      expect(body).not.toMatch(/unknown error/i)
      expect(response.connection.stray).toBe('')
      await expectAllFinished(stats)
    },
  )

  test('is found in the log by the id that the client got', async () => {
    const { events } = readEvents(await (await request('/error-mid')).text())
    const { id } = JSON.parse(events.at(-1)!.data) as { id: string }
    await eventually(() => {
      const line = app()
        .log()
        .split('\n')
        .find((text) => text.includes(id))
      expect(JSON.parse(line ?? '{}')).toMatchObject({
        level: 'error',
        route: 'GET /error-mid',
        err: expect.stringContaining('SECRET'),
      })
    })
  })

  test('in an encoding with names of its own has an error event and no other end', async () => {
    const ask = (messages: string[]) =>
      request('/seeds/llamabot/chat', { method: 'POST', body: JSON.stringify({ messages }) })
    const good = readEvents(await (await ask(['hi'])).text()).events
    expect(good[0]).toEqual({ event: 'content', data: 'Hello' })
    expect(good.at(-1)!.event).toBe('complete')
    const bad = readEvents(await (await ask(['hi', 'fail'])).text()).events
    expect(bad.map(({ event }) => event).filter((event) => event !== 'content')).toEqual(['error'])
    expect(bad.at(-1)!.event).toBe('error')
    expect(JSON.stringify(bad)).not.toMatch(INSIDE)
  })
})

describe('a template that fails', () => {
  test('in the third frame keeps the two before it and says so in the page, without its cause', async () => {
    const response = await request('/template-error', { headers: EVENT_STREAM })
    expect((await response.head).status).toBe(200)
    const body = await response.text()
    const { events } = readEvents(body)
    expect(events.filter(({ event }) => event !== undefined)).toEqual([
      { event: 'done', data: '{"reason":"error"}' },
    ])
    expect(events.at(-1)!.event).toBe('done')
    const [first, second, third] = shownAfterEach(events, { htmx: 2 })
    expect(first).toContain('>one <')
    expect(second).toContain('>one two <')
    expect(second).not.toContain('role="alert"')
    expect(third).toMatch(/one two [^]*role="alert"/)
    expect(shownAtEnd(events, { htmx: 2 })).toBe(third)
    expect(events.filter(({ data }) => data.includes('role="alert"'))).toHaveLength(1)
    expect(body).not.toMatch(INSIDE)
    expect(body).not.toMatch(/failAfter|answer\.html/)
    await expectAllFinished(stats)
  })

  test('in a finished page is an HTTP error, without its cause', async () => {
    const response = await request('/template-error', { headers: { accept: 'text/html' } })
    expect((await response.head).status).toBe(500)
    expect(await response.text()).not.toMatch(INSIDE)
    await expectAllFinished(stats)
  })
})

describe('200 streams that fail', () => {
  test('leave nothing behind, and a process that still serves', async () => {
    const paths = ['/error-first', '/error-mid', '/error-undefined', '/template-error']
    for (let round = 0; round < 10; round++) {
      const bodies = Array.from({ length: 20 }, async (_, n) =>
        (await request(paths[n % 4]!, { headers: EVENT_STREAM })).text(),
      )
      for (const body of await Promise.all(bodies)) expect(body).not.toMatch(INSIDE)
    }
    await expectAllFinished(stats)
    expect(app().log()).not.toMatch(/unhandledRejection|uncaughtException/)
  })
})
