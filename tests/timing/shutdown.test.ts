import { expect, test } from 'vitest'
import { BATTERY, CONFORMANCE, useApps, type ChildApp } from '../contract/support/child-app.ts'
import { connect } from '../contract/support/raw-connection.ts'

const start = useApps()

async function endedWithin(app: ChildApp): Promise<number> {
  const from = performance.now()
  app.kill('SIGTERM')
  expect((await app.ended).code).toBe(0)
  return performance.now() - from
}

test('a server without open streams ends at once', async () => {
  const app = await start(CONFORMANCE)
  const connection = await connect(app.port)
  await connection.request('/short').text()
  expect(await endedWithin(app)).toBeLessThan(1_000)
})

test.each(['', 'GET /tick HTTP/1.1\r\nHost: x\r\nX-Half'])(
  'a server does not wait for a connection that has sent %j',
  async (bytes) => {
    const app = await start(BATTERY, { GRACE_MS: '3000' })
    const { socket } = await connect(app.port)
    socket.write(bytes)
    await (await connect(app.port)).request('/stats').text()
    expect(await endedWithin(app)).toBeLessThan(2_000)
  },
)

test('a server waits for its grace, and no longer, when a teardown never ends', async () => {
  const app = await start(BATTERY, { GRACE_MS: '500' })
  const response = (await connect(app.port)).request('/endless-teardown')
  await response.until((body) => body.length > 0)
  const ms = await endedWithin(app)
  expect(ms).toBeGreaterThan(400)
  expect(ms).toBeLessThan(1_500)
})
