import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { BATTERY, CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections, type RawConnection } from './support/raw-connection.ts'
import { readEvents } from './support/read-events.ts'

const MIB = 1024 * 1024

describe('a reader that stands still', () => {
  const app = useApp(CONFORMANCE)
  const stats = useStats(() => app().port)
  // Said first, so that it looks last: when the connections of the test are closed.
  afterEach(() => expectAllFinished(stats))
  const { connect, request } = useConnections(() => app().port)

  /** Asks for a stream and takes nothing of it. */
  const stall = async (path: string): Promise<RawConnection> => {
    const connection = await connect()
    connection.socket.pause()
    connection.request(path)
    return connection
  }

  test('stops the source, is dropped after the deadline, and leaves nothing behind', async () => {
    const before = await stats()
    const connection = await stall('/fire')
    const seen: number[] = []
    await eventually(async () => {
      const { produced } = await stats()
      seen.push(produced)
      expect(produced).toBeGreaterThan(before.produced)
      expect(seen.slice(-4)).toEqual([produced, produced, produced, produced])
    })
    const last = seen.at(-1)!
    // What the kernel holds for both ends; everything else would be a queue of ours.
    expect((last - before.produced) * 16 * 1024).toBeLessThan(16 * MIB)

    await expectAllFinished(stats)
    expect((await stats()).produced).toBe(last)
    expect(app().log()).toMatch(/"level":"warn".*stood still/)
    expect(app().log()).toMatch(/"msg":"stream ended","route":"GET \/fire","reason":"timeout"/)
    connection.socket.resume()
    await connection.closed
  })

  test('costs no memory that grows, and no time of those who read: twenty of them', async () => {
    const warm = await request('/fire')
    await warm.until((body) => body.length > 100_000)
    warm.connection.reset()
    await expectAllFinished(stats)

    const healthy = await request('/tick')
    await healthy.until((body) => body.length > 0)
    const before = await stats()
    const stalled = await Promise.all(Array.from({ length: 20 }, () => stall('/fire')))
    await eventually(async () => expect((await stats()).opened).toBe(before.opened + 20))
    const ticks = readEvents(healthy.body).events.length
    await healthy.until((body) => readEvents(body).events.length >= ticks + 25)

    const held: number[] = []
    await eventually(async () => {
      const { active, heapUsed, arrayBuffers } = await stats()
      held.push(heapUsed + arrayBuffers)
      expect(active).toBe(1)
    })
    expect(Math.max(...held) - before.heapUsed - before.arrayBuffers).toBeLessThan(8 * MIB)
    const then = readEvents(healthy.body).events.length
    await healthy.until((body) => readEvents(body).events.length >= then + 5)
    for (const { socket } of stalled) socket.destroy()
    healthy.connection.socket.destroy()
  })

  test('at the very end of its stream releases its slot, and blocks no other stream', async () => {
    const before = await stats()
    const stalled = await Promise.all(Array.from({ length: 10 }, () => stall('/short')))
    await eventually(async () =>
      expect(await stats()).toMatchObject({ opened: before.opened + 10, active: 0 }),
    )
    for (const { socket } of stalled) socket.destroy()
  })

  test('is not mistaken for one that reads slowly', async () => {
    const connection = await connect()
    const { socket } = connection
    const response = connection.request('/fire')
    // In sips, for longer than the deadline. Large ones: on a busy machine they are fewer.
    for (let sip = 0; sip < 45; sip++) {
      const before = socket.bytesRead
      socket.resume()
      while (socket.bytesRead < before + MIB / 4)
        await new Promise((resolve) => socket.once('data', resolve))
      socket.pause()
      await sleep(50)
    }
    expect((await stats()).active).toBe(1)
    expect(response.over).toBe(false)
    socket.destroy()
  })
})

describe('heartbeats', () => {
  const app = useApp(BATTERY, {
    SETTINGS: JSON.stringify({ heartbeatMs: 1_000, limits: { sendTimeoutMs: 30_000 } }),
  })
  const { connect } = useConnections(() => app().port)
  const stats = useStats(() => app().port)

  test('do not pile up behind a write that the reader does not take', async () => {
    const size = 16 * MIB
    const connection = await connect()
    const response = connection.request(`/line/${size}/hang`)
    await response.head
    connection.socket.pause()
    // Long enough for five of them.
    await sleep(5_000)
    const { bytes } = response
    expect(bytes).toBeLessThan(size)
    connection.socket.resume()
    // They come again, now that the client reads; those that were queued would be here with the first of them.
    const behind = (): number =>
      Math.max(0, response.bytes - size - 'data: \n\n'.length) / ': ping\n\n'.length
    await eventually(() => expect(behind()).toBeGreaterThanOrEqual(1))
    expect(behind()).toBeLessThanOrEqual(2)
    await eventually(() => expect(behind()).toBeGreaterThanOrEqual(3))
    connection.socket.destroy()
    await expectAllFinished(stats)
  })
})

describe('a source that is as fast as its reader', () => {
  const app = useApp(BATTERY, { LOG_LEVEL: 'error' })
  const { request } = useConnections(() => app().port)

  test('leaves the others their turn', async () => {
    const healthy = await request('/tick')
    await healthy.until((body) => body.length > 0)
    const count = (): number => readEvents(healthy.body).events.length
    let ticks = 0
    for (let round = 0; round < 3; round++) {
      const flood = await request('/flood')
      await flood.until((body) => body.length > 0)
      const before = count()
      await flood.complete
      ticks += count() - before
    }
    expect(ticks).toBeGreaterThan(3)
  })
})
