import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Limits } from 'swapstream'
import { eventually } from '../support/eventually.ts'
import { BATTERY, CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections } from './support/raw-connection.ts'
import type { RawResponse } from './support/raw-response.ts'
import { readEvents } from './support/read-events.ts'

function useLimited(limits: Partial<Limits>, settings: Record<string, unknown> = {}) {
  const app = useApp(BATTERY, { SETTINGS: JSON.stringify({ limits, ...settings }) })
  return { app, ...useConnections(() => app().port), stats: useStats(() => app().port) }
}

/** Refused as a limit refuses: with the time to come back, and with no stream. */
async function expectRefused(response: RawResponse, status: number): Promise<void> {
  const { status: answered, headers } = await response.head
  expect(answered).toBe(status)
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect(headers['content-type']).not.toContain('event-stream')
  await response.text()
}

describe('one client', () => {
  const { connect, request, stats } = useLimited({ maxStreamsPerClient: 2 })

  test('may hold so many streams open; one more gets 429, and a released slot is free again', async () => {
    const first = await request('/tick')
    const second = await request('/hang/after-one')
    await Promise.all([first.head, second.head])
    const { opened } = await stats()
    await expectRefused(await request('/tick'), 429)
    // Pages and heads are no streams.
    expect((await (await request('/tick', { method: 'HEAD' })).head).status).toBe(200)
    expect((await stats()).opened).toBe(opened)

    first.connection.reset()
    await eventually(async () => {
      const third = await request('/tick')
      expect((await third.head).status).toBe(200)
    })
    await expectRefused(await request('/tick'), 429)
  })

  test('gets a message that htmx can show, and one for programs', async () => {
    await expectAllFinished(stats)
    const open = await Promise.all([request('/tick'), request('/tick')])
    await Promise.all(open.map(({ head }) => head))
    const forPeople = await request('/tick', {
      headers: { 'hx-request': 'true', accept: 'text/html' },
    })
    expect((await forPeople.head).headers['content-type']).toContain('text/html')
    expect(await forPeople.text()).toMatch(/role="alert"/)
    const forPrograms = await request('/tick')
    expect((await forPrograms.head).headers['content-type']).toContain('application/problem+json')
    expect(JSON.parse(await forPrograms.text())).toMatchObject({
      status: 429,
      code: 'limit/streams-per-client',
    })
  })

  test('is identified by its address, and by nothing that it sends itself', async () => {
    await expectAllFinished(stats)
    const open = await Promise.all([request('/tick'), request('/tick')])
    await Promise.all(open.map(({ head }) => head))
    for (const [name, value] of [
      ['x-forwarded-for', '10.0.0.1'],
      ['x-forwarded-for', '10.0.0.2, 10.0.0.3'],
      ['forwarded', 'for=10.0.0.4'],
      ['x-real-ip', '10.0.0.5'],
      ['cf-connecting-ip', '10.0.0.6'],
    ] as const)
      await expectRefused(await request('/tick', { headers: { [name]: value } }), 429)
    const other = await connect('127.0.0.2')
    expect((await other.request('/tick').head).status).toBe(200)
  })

  test('gives each place back, however its streams end', async () => {
    await expectAllFinished(stats)
    for (let round = 0; round < 20; round++) {
      await (await request('/values/3')).text()
      const left = await request('/hang/after-one')
      await left.head
      left.connection.reset()
      await expectAllFinished(stats)
    }
    const { framework } = await stats()
    expect(framework).toMatchObject({ open: 0 })
    expect(framework!.refused).toBeGreaterThanOrEqual(9)
  })
})

describe('one client behind a proxy of ours', () => {
  const { request } = useLimited({ maxStreamsPerClient: 1 }, { proxies: 1 })

  test('is known by what the proxy adds, not by what it says itself', async () => {
    const from = (addresses: string) =>
      request('/tick', { headers: { 'x-forwarded-for': addresses } })
    expect((await (await from('10.0.0.1')).head).status).toBe(200)
    expect((await (await from('10.0.0.2')).head).status).toBe(200)
    await expectRefused(await from('10.0.0.1'), 429)
    await expectRefused(await from('10.9.9.9, 10.0.0.1'), 429)
    await expectRefused(await from('10.0.0.3,10.0.0.2'), 429)
  })
})

describe('the process', () => {
  const { connect, stats } = useLimited({ maxStreams: 3 })

  test('holds so many streams open for all clients together; one more gets 503', async () => {
    const from = async (last: number) => {
      const connection = await connect(`127.0.0.${last}`)
      return Object.assign(connection.request('/tick'), { connection })
    }
    const open = [await from(1), await from(2), await from(3)]
    await Promise.all(open.map(({ head }) => head))
    await expectRefused(await from(4), 503)
    open[1]!.connection.socket.destroy()
    await eventually(async () => expect((await stats()).active).toBe(2))
    expect((await (await from(4)).head).status).toBe(200)
  })
})

describe('a stream', () => {
  // Each limit in an app of its own: of two, a machine with other work may reach either first.
  const brief = useLimited({ maxDurationMs: 400 })
  const impatient = useLimited({ idleSourceMs: 300 })
  const maxOutputBytes = 100_000
  const short = useLimited({ maxOutputBytes })
  const endOf = async ({ request, stats }: typeof brief, path: string): Promise<string> => {
    const response = await request(path)
    expect((await response.head).status).toBe(200)
    const body = await response.text()
    expect(readEvents(body).events.filter(({ event }) => event !== undefined)).toHaveLength(1)
    await expectAllFinished(stats)
    expect(readEvents(body).events.at(-1)).toMatchObject({ event: 'done' })
    return (JSON.parse(readEvents(body).events.at(-1)!.data) as { reason: string }).reason
  }

  test('ends with `limit` after its longest life', async () => {
    expect(await endOf(brief, '/tick')).toBe('limit')
  })

  test('ends with `timeout` when its source is silent for too long, before its first value and after', async () => {
    expect(await endOf(impatient, '/hang')).toBe('timeout')
    expect(await endOf(impatient, '/hang/after-one')).toBe('timeout')
  })

  test('ends with `limit` when it has sent enough', async () => {
    const response = await short.request('/flood')
    const body = await response.text()
    expect(readEvents(body).events.at(-1)).toEqual({ event: 'done', data: '{"reason":"limit"}' })
    expect(body.length).toBeGreaterThan(maxOutputBytes / 2)
    expect(body.length).toBeLessThan(maxOutputBytes + 2 * 16 * 1024)
    await expectAllFinished(short.stats)
  })

  test('is counted by the way it ended', async () => {
    await (await short.request('/values/1')).text()
    const left = await short.request('/tick')
    await left.head
    left.connection.reset()
    await expectAllFinished(short.stats)
    const none = { done: 0, error: 0, disconnected: 0, limit: 0, timeout: 0, shutdown: 0 }
    for (const [{ stats }, ended] of [
      [brief, { limit: 1 }],
      [impatient, { timeout: 2 }],
      [short, { limit: 1, done: 1, disconnected: 1 }],
    ] as const) {
      const { framework } = await stats()
      expect(framework).toMatchObject({ open: 0, refused: 0, ended: { ...none, ...ended } })
    }
  })
})

describe('the conformance app', () => {
  const app = useApp(CONFORMANCE)
  const { connect, request } = useConnections(() => app().port)
  const stats = useStats(() => app().port)

  test('gives one client 64 streams', async () => {
    const open = await Promise.all(Array.from({ length: 64 }, () => request('/seeds/jero/idle')))
    for (const { head } of open) expect((await head).status).toBe(200)
    await expectRefused(await request('/short'), 429)
    for (const { connection } of open) connection.reset()
    await expectAllFinished(stats)
    expect((await (await request('/short')).head).status).toBe(200)
  })

  test('cuts half requests after five seconds, and serves the others meanwhile', async () => {
    const halves = await Promise.all(Array.from({ length: 50 }, () => connect()))
    for (const { socket } of halves) socket.write('GET /tick HTTP/1.1\r\nHost: x\r\nX-Slow')
    await sleep(50)
    expect((await (await request('/short')).text()).endsWith('{"reason":"done"}\n\n')).toBe(true)
    await Promise.all(halves.map(({ closed }) => closed))
    expect((await stats()).active).toBe(0)
  })
})
