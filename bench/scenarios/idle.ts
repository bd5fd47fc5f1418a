import { setTimeout as sleep } from 'node:timers/promises'
import { openIdle } from '../load/idle.ts'
import { inTurns, type Run } from './scenario.ts'

const streamsOf = ({ quick }: Run): number => (quick ? 500 : 5000)

export const idle = inTurns({
  name: 'idle',
  title: 'Idle streams',
  what: 'Streams that have shown one token and wait for the next; memory after garbage collection, with them and without.',
  figures: {
    heap: {
      title: 'heap a stream',
      unit: 'KiB',
      ratio: true,
      notShown:
        "the heap and buffers outside of it; the kernel's memory for the socket is not counted.",
    },
    rss: {
      title: 'RSS a stream',
      unit: 'KiB',
      ratio: true,
      notShown: 'how much of it the process would give back.',
    },
  },
  rivals: ['raw', 'stream-sse', 'datastar', 'better-sse', 'swapstream'],
  cases: (run) => [`${streamsOf(run)} streams`],
  // Memory hardly differs between rounds.
  mostRounds: 1,
  fresh: true,
  async measure({ port, tell }, _, run) {
    const streams = streamsOf(run)
    for (const { reset } of await openIdle(port, 200)) reset()
    await sleep(500)
    const before = await tell('memory')
    const readings = await openIdle(port, streams)
    await sleep(500)
    const after = await tell('memory')
    for (const { reset } of readings) reset()
    const each = (bytes: number): number => bytes / streams / 1024
    return { heap: each(after.heap - before.heap), rss: each(after.rss - before.rss) }
  },
})
