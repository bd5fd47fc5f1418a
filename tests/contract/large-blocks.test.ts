import { afterEach, describe, expect, test } from 'vitest'
import { applyFrames } from 'swapstream/testing'
import { eventually } from '../support/eventually.ts'
import { expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections, type RawConnection } from './support/raw-connection.ts'
import { readEvents } from './support/read-events.ts'

const APP = 'tests/contract/support/large-blocks.ts'
/** One block. */
const SIZE = 20_000_000
/** Where one who reads must not be taken for one who does not, on a machine with other work. */
const SEND_TIMEOUT_MS = '10000'
const HTMX = {
  accept: 'text/html, text/event-stream',
  'hx-request': 'true',
  'hx-request-type': 'partial',
}

describe('blocks of 20 MB for a client that reads nothing', () => {
  const app = useApp(APP)
  const stats = useStats(() => app().port)
  afterEach(() => expectAllFinished(stats))
  const { connect } = useConnections(() => app().port)

  test.each([
    // The newest state replaces the one before: what waits, and what the page shows.
    ['/fragments', 'latest'],
    ['/fragments-full', 'pause'],
    ['/events', 'pause'],
    ['/plain', 'pause'],
    ['/sequenced', 'pause'],
    ['/ndjson', 'pause'],
    ['/bytes', 'pause'],
  ])(
    '%s holds a few of them, and ends when the client has taken nothing for too long',
    async (path, reads) => {
      const before = await stats()
      const connection = await connect()
      connection.socket.pause()
      const response = connection.request(path, { headers: HTMX })
      const held: number[] = []
      await eventually(async () => {
        const { opened, active, heapUsed, arrayBuffers } = await stats()
        held.push(heapUsed + arrayBuffers)
        expect([opened - before.opened, active]).toEqual([1, 0])
      })
      const { produced } = await stats()
      if (reads === 'pause') expect(produced - before.produced).toBeLessThanOrEqual(2)
      expect(Math.max(...held) - before.heapUsed - before.arrayBuffers).toBeLessThan(4 * SIZE)
      // For the stated reason, and without an end that looks whole.
      const route = `"route":"GET ${path}"`
      expect(app().log()).toMatch(new RegExp(`"warn".*stood still.*${route}`))
      expect(app().log()).toMatch(new RegExp(`"stream ended",${route},"reason":"timeout"`))
      connection.socket.resume()
      expect(await response.complete).toBe(false)
      expect(response.body.slice(-200)).not.toContain('event: ')
      await eventually(async () => {
        const { heapUsed, arrayBuffers } = await stats()
        expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(
          SIZE / 2,
        )
      })
    },
  )
})

describe('a run of 20 MB', () => {
  const watching = (app: () => { port: number }) => {
    const { connect, request } = useConnections(() => app().port)
    const watch = async (
      path: string,
    ): Promise<RawConnection & { response: ReturnType<RawConnection['request']> }> => {
      const connection = await connect()
      const response = connection.request(path, { headers: HTMX })
      await response.until((body) => body.includes('begin'))
      return Object.assign(connection, { response })
    }
    return { watch, request }
  }
  /** The text that a page shows after the frames of a body. */
  const shown = (body: string): string => {
    const frames = readEvents(body).events.filter(({ event }) => event === undefined)
    const data = frames.map((frame) => frame.data)
    const page = applyFrames('<main id="here"></main>', data, { target: '#here' })
    return /<p id="answer">([^<]*)<\/p>/.exec(page)?.[1] ?? page.slice(0, 500)
  }

  describe('with two subscribers, one of which stops reading', () => {
    const app = useApp(APP, { SEND_TIMEOUT_MS, SETTINGS: '{"maxRunChars":1e8}' })
    const stats = useStats(() => app().port)
    const { watch, request } = watching(app)

    test('shows the other one everything, and drops the one', async () => {
      const path = await (await request('/run')).text()
      const [stalled, healthy] = [await watch(path), await watch(path)]
      stalled.socket.pause()
      await (await request('/go')).text()
      const body = await healthy.response.text()
      expect(body).toMatch(/event: done\ndata: {"reason":"done"}\n\n$/)
      const text = shown(body)
      expect([text.length, text.slice(0, 7), text.slice(-6)]).toEqual([
        SIZE + 10,
        'begin 0',
        '99 end',
      ])
      expect(body.length).toBeLessThan(1.1 * SIZE)
      await expectAllFinished(stats)
      await eventually(() => expect(app().log()).toMatch(/"warn".*stood still/))
      stalled.socket.resume()
      expect(await stalled.response.complete).toBe(false)
      expect(app().log()).toContain('"msg":"run ended","reason":"done"')
    })
  })

  describe('with the default limit of 4 MiB', () => {
    const app = useApp(APP, { SEND_TIMEOUT_MS })
    const { watch, request } = watching(app)
    const stats = useStats(() => app().port)

    test('ends there, and says so to everybody who reads', async () => {
      const path = await (await request('/run')).text()
      const both = [await watch(path), await watch(path)]
      await (await request('/go')).text()
      for (const { response } of both) {
        const body = await response.text()
        expect(body).toMatch(
          /The answer reached its limit and was cut here\.[^]*{"reason":"limit"}\n\n$/,
        )
      }
      await expectAllFinished(stats)
      expect(app().log()).toContain('"msg":"run ended","reason":"limit"')
    })
  })
})
