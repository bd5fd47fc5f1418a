import { setTimeout as sleep } from 'node:timers/promises'
import { open } from '../load/client.ts'
import type { Server } from '../load/server.ts'
import { median } from '../report/results.ts'
import { sharedNow } from '../task/clock.ts'
import { inTurns, type Run } from './scenario.ts'

const triesOf = ({ quick }: Run): number => (quick ? 4 : 8)

/** A source that still runs after this was not stopped. */
const PATIENCE_MS = 600

export const disconnect = inTurns({
  name: 'disconnect',
  title: 'A client that vanishes',
  what: 'A client resets its connection in the middle of an answer, several times; the source runs at 50 tokens a second.',
  figures: {
    ms: {
      title: 'until the source stops',
      unit: 'ms',
      ratio: true,
      notShown: 'a client that is lost on the way without a reset is noticed by timeouts alone.',
    },
    after: {
      title: 'tokens pulled after, at most',
      notShown: 'those that a model has written and that were not taken.',
    },
    stopped: { title: 'stopped', unit: '%', notShown: `within ${PATIENCE_MS} ms.` },
  },
  rivals: ['raw', 'stream-sse', 'datastar', 'better-sse', 'ai-sdk', 'swapstream'],
  cases: (run) => [`${triesOf(run)} times`],
  // Each try is a measurement.
  mostRounds: 1,
  async measure(server, _, run) {
    const tries = triesOf(run)
    const ms: number[] = []
    let after = 0
    for (let at = 0; at < tries; at++) {
      const seen = await leave(server)
      if (seen.ms !== undefined) ms.push(seen.ms)
      after = Math.max(after, seen.after)
    }
    return {
      ms: ms.length > 0 ? median(ms) : 'never',
      after,
      stopped: (ms.length / tries) * 100,
    }
  },
})

async function leave({ port, tell }: Server): Promise<{ ms: number | undefined; after: number }> {
  await tell('sources')
  let leftAt = 0
  let pulled = Promise.resolve(0)
  const reading = open(
    port,
    { n: 200, source: 'paced', rate: 50 },
    {
      onShown(_, now) {
        if (now < 10 || leftAt > 0) return
        leftAt = sharedNow()
        reading.reset()
        pulled = tell('progress').then((progress) => progress.pulled)
      },
    },
  )
  await reading.done
  const before = await pulled
  await sleep(PATIENCE_MS)
  const { pulled: all, endedAt } = await tell('sources')
  // The source that still runs would be in the way of the next one.
  if (endedAt.length === 0) await sleep(4000)
  const [stoppedAt] = endedAt
  return { ms: stoppedAt === undefined ? undefined : stoppedAt - leftAt, after: all - before }
}
