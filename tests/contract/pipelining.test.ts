import { describe, expect, test } from 'vitest'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections, type RawConnection } from './support/raw-connection.ts'

const app = useApp(CONFORMANCE)
const { connect } = useConnections(() => app().port)
const stats = useStats(() => app().port)

/** Node gives a response that waits behind another one no socket, so it does not hear that the socket has closed. */
describe('a client that leaves while streams wait behind the one it reads', () => {
  test.each<[string, (connection: RawConnection) => void]>([
    ['destroy', ({ socket }) => socket.destroy()],
    ['FIN', ({ socket }) => socket.end()],
    ['RST', (connection) => connection.reset()],
  ])('by %s ends all of them', async (_, leave) => {
    const { active, opened } = await stats()
    const connection = await connect()
    const first = connection.request('/tick')
    for (const path of ['/stuck', '/tick', '/seeds/jero/idle']) connection.request(path)
    await first.until((body) => body.length > 100)
    expect((await stats()).opened).toBeGreaterThan(opened)
    leave(connection)
    await expectAllFinished(async () => {
      const now = await stats()
      return { ...now, active: now.active - active }
    })
  })
})
