import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections } from './support/raw-connection.ts'
import { readEvents } from './support/read-events.ts'

const app = useApp(CONFORMANCE)
const { request } = useConnections(() => app().port)
const stats = useStats(() => app().port)

const url = (path: string): string => `http://127.0.0.1:${app().port}${path}`
const started = async (): Promise<string> => {
  const { stream } = (await (await fetch(url('/resume'), { method: 'POST' })).json()) as {
    stream: string
  }
  expect(stream).toMatch(/^\/runs\/[\w-]{22}$/)
  return stream
}
const text = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
  (await fetch(url(path), { headers: { accept: 'text/event-stream', ...headers } })).text()

const all = (from = 1): string[] => Array.from({ length: 21 - from }, (_, n) => String(from + n))
const WHOLE = `${all()
  .map((n) => `data: event ${n}\nid: 1-${n}\n\n`)
  .join('')}event: done\ndata: {"reason":"done"}\n\n`
const withoutPings = (stream: string): string => stream.replaceAll(': ping\n\n', '')

describe('a run', () => {
  test('arrives whole at a subscriber that is cut off five times, and is made once', async () => {
    const before = await stats()
    const path = await started()
    let read = ''
    let last = ''
    for (let cut = 0; cut < 6; cut++) {
      const left = new AbortController()
      const response = await fetch(url(path), {
        signal: left.signal,
        headers: { accept: 'text/event-stream', ...(last && { 'last-event-id': last }) },
      })
      try {
        for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
          read += bytes
          last = [...read.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? ''
          if (cut < 5 && Number(last.slice(2)) >= (cut + 1) * 3) left.abort()
        }
      } catch (error) {
        expect(error).toMatchObject({ name: 'AbortError' })
      }
    }
    expect(withoutPings(read)).toBe(WHOLE)
    await expectAllFinished(stats)
    expect((await stats()).opened - before.opened).toBe(1)
  })

  test('is the same bytes for fifty subscribers, and is made once', async () => {
    const before = await stats()
    const path = await started()
    const told = await Promise.all(Array.from({ length: 50 }, () => text(path)))
    expect(new Set(told.map(withoutPings))).toEqual(new Set([WHOLE]))
    expect((await stats()).opened - before.opened).toBe(1)
    // Who comes after its end gets all of it, or the rest; never nothing, never a new one.
    expect(await text(path)).toBe(WHOLE)
    expect(await text(path, { 'last-event-id': '1-20' })).toBe(
      'event: done\ndata: {"reason":"done"}\n\n',
    )
    for (const made of ['1-21', '2-1', '../../x', '%00', 'x'.repeat(2_000)])
      expect(await text(path, { 'last-event-id': made }), made).toBe(WHOLE)
    expect((await stats()).opened - before.opened).toBe(1)
  })

  test('goes on when all subscribers have left, and ends when it is stopped', async () => {
    const path = await started()
    const left = new AbortController()
    const gone = fetch(url(path), { signal: left.signal })
    await gone
    left.abort()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await stats()).active).toBe(1)
    const stopped = await fetch(url(`${path}/stop`), { method: 'POST' })
    expect(stopped.status).toBe(204)
    await eventually(async () => expect((await stats()).active).toBe(0))
    const events = readEvents(await text(path)).events
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"stopped"}' })
    expect(events.length).toBeGreaterThan(1)
  })

  test('is looked at with HEAD without being followed, and is unknown under any other name', async () => {
    const path = await started()
    const head = await fetch(url(path), { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ])
    for (const other of [`${path}x`, '/runs/AAAAAAAAAAAAAAAAAAAAAA', '/runs/%2e%2e%2f']) {
      const answer = await request(other, { headers: { accept: 'text/event-stream' } })
      expect((await answer.head).status, other).toBe(404)
      expect((await fetch(url(`${other}/stop`), { method: 'POST' })).status, other).toBe(404)
    }
    await fetch(url(`${path}/stop`), { method: 'POST' })
  })

  test('is refused to other sites', async () => {
    const path = await started()
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    expect((await fetch(url(path), { headers: foreign })).status).toBe(403)
    expect((await fetch(url(`${path}/stop`), { method: 'POST', headers: foreign })).status).toBe(
      403,
    )
    await fetch(url(`${path}/stop`), { method: 'POST' })
    await expectAllFinished(stats)
  })
})
