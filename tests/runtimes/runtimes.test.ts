import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { eventually } from '../support/eventually.ts'
import { shownAtEnd } from '../support/shown.ts'
import { end, RUNTIMES, type Served } from './support/runtimes.ts'

const STREAM = {
  accept: 'text/html, text/event-stream',
  'hx-request': 'true',
  'hx-request-type': 'partial',
}

// Side by side, since they mostly wait. The tests of one do not: most runtimes know a client by its address alone.
describe.concurrent.each(RUNTIMES.map((each) => [each.name, each] as const))(
  'on %s',
  (_, { start, lacks }) => {
    const alone = { concurrent: false }
    let served: Served
    beforeAll(async () => {
      served = await start()
    })
    afterAll(() => served && end(served))

    /** Each test is its own client, so that one does not count for another. */
    let clients = 0
    const client = (): Record<string, string> => {
      clients += 1
      return { ...STREAM, 'cf-connecting-ip': `192.0.2.${clients}` }
    }
    const get = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(served.url + path, { ...init, headers: { ...client(), ...init.headers } })
    const eventsOf = async (response: Response): Promise<ReadEvent[]> => {
      const events: ReadEvent[] = []
      for await (const event of readEvents(response)) events.push(event)
      return events
    }

    test.sequential('a page has its templates, its assets and its headers', async ({ task }) => {
      // For the table in docs/runtimes.md.
      Object.assign(task.meta, { version: served.version, lacks })
      const page = await get('/', { headers: { accept: 'text/html' } })
      const html = await page.text()
      expect(html).toContain('<h1>Hello &lt;you&gt;</h1>')
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
      for (const [, path] of html.matchAll(/(?:href|src)="(\/[^"]+)"/g)) {
        const asset = await fetch(served.url + path)
        expect(asset.status).toBe(200)
        expect((await asset.text()).length).toBeGreaterThan(1_000)
      }
    })

    test.sequential('a hundred streams in a row show all of their text', async () => {
      for (let n = 1; n <= 100; n++) {
        const events = await eventsOf(await get('/stream/5/1'))
        expect(shownAtEnd(events, { htmx: 4 })).toBe('<p>1 2 3 4 5 </p>')
        expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
      }
    })

    test.sequential('a source that never waits lets the others go on', async () => {
      const busy = get('/stream/20000/0').then(eventsOf)
      const quick = await eventsOf(await get('/stream/3/1'))
      expect(shownAtEnd(quick, { htmx: 4 })).toBe('<p>1 2 3 </p>')
      expect(shownAtEnd(await busy, { htmx: 4 })).toContain(' 19999 20000 ')
    })

    test.sequential('14 s of silence end no stream', async () => {
      const events = await eventsOf(await get('/silent/14000'))
      expect(shownAtEnd(events, { htmx: 4 })).toContain('last')
      expect(events.at(-1)).toMatchObject({ event: 'done' })
    })

    test.skipIf('leaving' in lacks)('a client that leaves aborts the source', alone, async () => {
      const aborted = async (): Promise<number> => (await get('/aborted')).json()
      const before = await aborted()
      const leave = new AbortController()
      const response = await get('/stream/100000/20', { signal: leave.signal })
      await response.body!.getReader().read()
      leave.abort()
      await eventually(async () => expect(await aborted()).toBe(before + 1))
      const after = await eventsOf(await get('/stream/3/1'))
      expect(after.at(-1)).toMatchObject({ event: 'done' })
    })

    test.sequential('a run goes on without its client, and is resumed from where that was', async () => {
      const path: string = await (await get('/run', { method: 'POST' })).json()
      const leave = new AbortController()
      const seen: ReadEvent[] = []
      const first = await get(path, { signal: leave.signal })
      for await (const event of readEvents(first)) {
        // Values that come together have one id, at their end.
        if (seen.push(event) >= 3 && event.id !== undefined) break
      }
      leave.abort()
      await sleep(300)
      const rest = await eventsOf(
        await get(path, { headers: { 'last-event-id': seen.at(-1)!.id! } }),
      )
      const shown = [...seen, ...rest].filter(({ event }) => event !== 'done')
      expect(shown.map(({ data }) => data).join('')).toBe(
        Array.from({ length: 20 }, (__, at) => `${at + 1} `).join(''),
      )
      expect(rest.at(-1)).toMatchObject({ event: 'done' })
    })

    test.sequential('an error before the first value is an answer, one after it is an event; both keep secrets', async () => {
      const before = await get('/fails/first')
      expect(before.status).toBe(500)
      expect(await before.text()).not.toContain('secret')
      const events = await eventsOf(await get('/fails/later'))
      expect(events.slice(0, 2).map(({ data }) => data)).toEqual(['1', '2'])
      expect(JSON.stringify(events)).not.toContain('secret')
      expect(events.at(-1)!.data).toContain('error')
    })

    test.sequential('streams are counted by client', async () => {
      const own = client()
      const leave = new AbortController()
      const open = await Promise.all(
        [1, 2, 3].map(() => get('/never', { headers: own, signal: leave.signal })),
      )
      expect(open.map(({ status }) => status)).toEqual([200, 200, 200])
      expect((await get('/never', { headers: own })).status).toBe(429)
      leave.abort()
      if (!('leaving' in lacks))
        await eventually(async () =>
          expect((await get('/stream/1/1', { headers: own })).status).toBe(200),
        )
    })

    test.skipIf('shutdown' in lacks)(
      'SIGTERM ends each stream with its event, then the process',
      alone,
      async () => {
        const own = await start()
        try {
          const stream = await fetch(`${own.url}/stream/100000/20`, { headers: STREAM })
          const ended = once(own.process, 'exit')
          own.process.kill('SIGTERM')
          const events = await eventsOf(stream)
          expect(events.at(-1)!.data).toBe('{"reason":"shutdown"}')
          expect((await ended)[0]).toBe(0)
        } finally {
          await end(own)
        }
      },
    )
  },
)
