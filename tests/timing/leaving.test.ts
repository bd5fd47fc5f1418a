import { once } from 'node:events'
import { connect as openSocket } from 'node:net'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { EventStream, events, swapstream } from 'swapstream'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from '../contract/support/child-app.ts'
import { useConnections, type RawConnection } from '../contract/support/raw-connection.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const WAYS: Record<string, (connection: RawConnection) => void> = {
  destroy: ({ socket }) => socket.destroy(),
  FIN: ({ socket }) => socket.end(),
  RST: (connection) => connection.reset(),
}

describe('a client that leaves', () => {
  const app = useApp(CONFORMANCE)
  const { request } = useConnections(() => app().port)
  const stats = useStats(() => app().port)

  describe.each(Object.keys(WAYS))('by %s', (way) => {
    test.each(['/tick', '/stuck', '/seeds/jero/idle'])('ends %s within 250 ms', async (path) => {
      const response = await request(path)
      await response.until((body) => body.length > 0)
      const leftAt = performance.now()
      WAYS[way]!(response.connection)
      await expectAllFinished(stats)
      expect(performance.now() - leftAt).toBeLessThan(250)
    })
  })

  test('among sixty of them ends its stream within a second', async () => {
    const open = await Promise.all(
      Array.from({ length: 60 }, (_, n) => request(['/tick', '/stuck'][n % 2]!)),
    )
    await Promise.all(open.map((response) => response.until((body) => body.length > 0)))
    const leftAt = performance.now()
    open.forEach(({ connection }, n) => Object.values(WAYS)[n % 3]!(connection))
    await expectAllFinished(stats)
    expect(performance.now() - leftAt).toBeLessThan(1_000)
  })
})

describe('a source', () => {
  const listen = useServer()

  test.each(['destroy', 'end', 'resetAndDestroy'] as const)(
    'hears within 100 ms that its client left, by %s',
    async (leave) => {
      const app = new Hono()
      app.use(swapstream({ templates: {}, log: recordingLog() }))
      let abortedAt = 0
      const aborted = new Promise<void>((resolve) => {
        app.get('/hang', () => {
          async function* hang({ signal }: { signal: AbortSignal }): AsyncGenerator<string> {
            signal.addEventListener('abort', () => {
              abortedAt = performance.now()
              resolve()
            })
            yield 'x'
            await once(signal, 'abort')
          }
          return new EventStream(hang, { encoding: events() })
        })
      })
      const { port } = new URL(await listen(app))
      const socket = openSocket(Number(port), '127.0.0.1')
      socket.write('GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await once(socket, 'data')
      const leftAt = performance.now()
      socket[leave]()
      await aborted
      expect(abortedAt - leftAt).toBeLessThan(100)
      socket.destroy()
    },
  )
})
