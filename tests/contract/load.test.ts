import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { BATTERY, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { connect, useConnections, type RawConnection } from './support/raw-connection.ts'

const MIB = 1024 * 1024
/** More of them when one looks for what leaks slowly: `STREAMS=100000 VALUES=5000000 npx vitest run tests/contract/load`. */
const STREAMS = Number(process.env['STREAMS'] ?? 2_000)
const VALUES = Number(process.env['VALUES'] ?? 150_000)

const app = useApp(BATTERY, {
  LOG_LEVEL: 'error',
  SETTINGS: JSON.stringify({ limits: { maxStreamsPerClient: 3_000 } }),
})
const stats = useStats(() => app().port)
const { request } = useConnections(() => app().port)

/** What the process holds after a garbage collection. */
async function held(): Promise<number> {
  await stats()
  const { heapUsed, arrayBuffers } = await stats()
  return heapUsed + arrayBuffers
}

/** Opens a stream, takes its first bytes and leaves: as a crashed client, or as one that says goodbye. */
async function openAndAbort(path: string, reset: boolean): Promise<void> {
  const connection = await connect(app().port)
  const response = connection.request(path)
  await response.until((body) => body.length > 0)
  if (reset) connection.reset()
  else connection.socket.destroy()
  await connection.closed
}

async function cycles(count: number): Promise<void> {
  const workers = 24
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      for (let n = worker; n < count; n += workers) {
        // Mostly resets: a goodbye keeps the port busy for a minute, and there are only so many.
        await openAndAbort(n % 2 === 0 ? '/tick' : '/hang/after-one', n % 8 !== 0)
      }
    }),
  )
  await expectAllFinished(stats)
}

describe('what a long life leaves in memory', () => {
  test('after thousands of streams that were opened and aborted: nothing that grows, nothing that runs', async () => {
    await cycles(STREAMS / 4)
    const before = await held()
    const { opened } = await stats()
    await cycles(STREAMS)
    const after = await stats()
    expect(after.opened - opened).toBe(STREAMS)
    expect(after.framework).toMatchObject({ open: 0, refused: 0 })
    expect((await held()) - before).toBeLessThan(2 * MIB)
  })

  test('in a stream of hundreds of thousands of values, while it runs and after: nothing that grows', async () => {
    await (await request('/values/20000')).text()
    const before = await held()
    const response = await request(`/values/${VALUES}`)
    const during: number[] = []
    while (!response.over) {
      during.push(await held())
      await sleep(50)
    }
    const body = await response.text()
    expect(during.length).toBeGreaterThan(2)
    expect(Math.max(...during) - before).toBeLessThan(2 * MIB)
    expect((await held()) - before).toBeLessThan(2 * MIB)

    // A slow machine leaves time for a sign of life.
    const values = body.split('\n\n').filter((text) => text !== ': ping')
    expect(values.length).toBe(VALUES + 2)
    expect(values.findIndex((text, n) => n < VALUES && text !== `data: ${n}`)).toBe(-1)
    expect(values.at(-2)).toBe('event: done\ndata: {"reason":"done"}')
    await expectAllFinished(stats)
  })

  test('of 1,000 streams that hang at once: each is torn down when its client leaves', async () => {
    const open: RawConnection[] = []
    try {
      // Fewer at once than may wait to be accepted: the kernel lets the others try again later and later. And each asks
      // as soon as it is connected, since one that says nothing is cut.
      while (open.length < 1_000)
        await Promise.all(
          Array.from({ length: 100 }, async () => {
            const connection = await connect(app().port)
            open.push(connection)
            await connection.request('/hang/after-one').until((body) => body.length > 0)
          }),
        )
      expect((await stats()).active).toBe(1_000)
    } finally {
      for (const connection of open) connection.reset()
    }
    await expectAllFinished(stats)
    expect((await stats()).framework).toMatchObject({ open: 0 })
  })
})
