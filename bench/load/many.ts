import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../report/results.ts'
import { sharedNow } from '../task/clock.ts'
import { open } from './client.ts'

/** How long what is late may still arrive. */
const GRACE_MS = 15_000

export interface Crowd {
  /** Tokens that arrived, and the share of those that were due. */
  readonly tokens: number
  readonly delivered: number
  /** From the moment a token was due to its arrival, in ms. */
  readonly p50: number
  readonly p99: number
}

/**
 * Many clients at once, each with an answer of its own at `rate` tokens a second.
 *
 * The schedule waits for nobody and the answers begin at moments spread over a second, so a server that is late pays for
 * it in latency. Tokens that arrive together count one by one.
 *
 * @param together All ask for the same answer.
 * @param markdown It is Markdown.
 */
export async function many(
  port: number,
  streams: number,
  n: number,
  rate: number = 50,
  together: boolean = false,
  markdown: boolean = false,
): Promise<Crowd> {
  const begin = sharedNow() + 500
  const late: number[] = []
  let tokens = 0
  const readings = Array.from({ length: streams }, (_, at) => {
    // The golden ratio spreads any number of them evenly.
    const startAt = begin + (together ? 500 : ((at * 0.618034) % 1) * 1000)
    return open(
      port,
      { n, rate, startAt, markdown, source: 'paced' },
      {
        onShown(before, now) {
          const arrived = sharedNow()
          tokens += now - before
          for (let index = before; index < now; index++)
            late.push(arrived - startAt - (index * 1000) / rate)
        },
      },
    )
  })
  const longest = sleep(begin + 1000 + (n * 1000) / rate + GRACE_MS - sharedNow())
  await Promise.race([Promise.all(readings.map(({ done }) => done)), longest])
  for (const { reset } of readings) reset()
  return {
    tokens,
    delivered: tokens / streams / n,
    p50: percentile(late, 0.5),
    p99: percentile(late, 0.99),
  }
}
