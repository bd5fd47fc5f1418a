import { setTimeout as sleep } from 'node:timers/promises'
import { open } from '../load/client.ts'
import type { Server } from '../load/server.ts'
import type { Rival } from '../rivals.ts'
import { draw } from '../task/template.ts'
import { token } from '../task/tokens.ts'
import { inTurns } from './scenario.ts'

/** They buffer every block for a client that does not read: a long answer would need terabytes. */
const SQUARE: ReadonlySet<Rival> = new Set(['datastar', 'better-sse'])
const LONG = 100_000

export const stall = inTurns({
  name: 'stall',
  title: 'A reader that stops',
  what: 'A client that reads the first token and then nothing more, while the answer is written. Memory after garbage collection, when the source has ended or waits.',
  figures: {
    held: {
      title: 'held',
      unit: 'KiB',
      notShown:
        "the kernel's buffers (about 3 MiB) are not counted; what fits into them is gone from the process.",
    },
    rss: {
      title: 'RSS',
      unit: 'KiB',
      notShown: 'how much higher it stands than before, peaks included that were not returned.',
    },
    block: {
      title: 'block',
      unit: 'KiB',
      notShown: 'the HTML of what was read from the source.',
    },
    pulled: {
      title: 'tokens read',
      notShown:
        'fewer than the answer has: the reader makes the model wait. Neither is wrong; they are two policies.',
    },
  },
  rivals: ['raw', 'stream-sse', 'datastar', 'better-sse', 'ai-sdk', 'swapstream'],
  cases: ({ quick }) => (quick ? [2000, LONG] : [8000, 1_000_000]).map((n) => `N = ${n}`),
  // Memory hardly differs between rounds.
  mostRounds: 1,
  fresh: true,
  async measure(server, at) {
    const n = Number(at.slice(4))
    if (n >= LONG && SQUARE.has(server.rival)) return {}
    await server.tell('sources')
    const before = await server.tell('memory')
    const reading = open(
      server.port,
      { n, source: 'macrotask' },
      { onShown: () => reading.pause() },
    )
    const pulled = await settled(server)
    const after = await server.tell('memory')
    reading.reset()
    const kib = (bytes: number): number => bytes / 1024
    const text = Array.from({ length: pulled }, (_, index) => token(index)).join('')
    return {
      held: kib(after.heap - before.heap),
      rss: kib(after.rss - before.rss),
      block: kib(Buffer.byteLength(draw({ text, streaming: false }))),
      pulled,
    }
  },
})

/** Waits until the source has ended, or was not pulled for two seconds; a minute at most. */
async function settled({ tell }: Server): Promise<number> {
  let last = 0
  for (let quiet = 0, waited = 0; quiet < 2000 && waited < 60_000; waited += 250) {
    await sleep(250)
    const { pulled, ended } = await tell('progress')
    quiet = pulled === last ? quiet + 250 : 0
    last = pulled
    if (ended > 0) break
  }
  return last
}
