import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../report/results.ts'
import { sharedNow } from '../task/clock.ts'
import { open } from './client.ts'

/** How long what is late may still arrive. */
const GRACE_MS = 15_000

/** What many clients ask for at once. */
export interface Load {
  readonly streams: number
  /** Tokens that each client waits for. */
  readonly tokens: number
  /** Default 50 a second. */
  readonly rate?: number
  /** Default `answer`. */
  readonly template?: string
  /** How many tokens the answer of a client has already when it begins. Default none. */
  readonly headOf?: (at: number) => number
  /** All ask for the same answer. */
  readonly together?: boolean
}

/** What the clients have seen. */
export interface Arrived {
  /** Tokens that arrived, and the share of those that were due. */
  readonly tokens: number
  readonly delivered: number
  /** Answers that came to their end. */
  readonly ended: number
  readonly bytes: number
  /** From the moment a token was due to its arrival, in ms. */
  readonly p50: number
  readonly p99: number
}

/**
 * Many clients at once, each with an answer of its own.
 *
 * The schedule waits for no server and the answers begin at moments spread over a second, so a server that is late pays
 * for it in latency. Tokens that arrive together count one by one.
 */
export async function many(port: number, load: Load): Promise<Arrived> {
  const { streams, tokens: each, rate = 50, template = 'answer', together = false } = load
  const { headOf = () => 0 } = load
  const begin = sharedNow() + 500
  const late: number[] = []
  let tokens = 0
  const readings = Array.from({ length: streams }, (_, at) => {
    // The golden ratio spreads any number of them evenly.
    const startAt = begin + (together ? 500 : ((at * 0.618034) % 1) * 1000)
    const head = headOf(at)
    return open(
      port,
      { n: head + each, head, rate, startAt, template, source: 'paced' },
      {
        onShown(before, now) {
          const arrived = sharedNow()
          for (let index = Math.max(before, head); index < now; index++) {
            tokens += 1
            late.push(arrived - startAt - ((index - head) * 1000) / rate)
          }
        },
      },
    )
  })
  const longest = sleep(begin + 1000 + (each * 1000) / rate + GRACE_MS - sharedNow())
  await Promise.race([Promise.all(readings.map(({ done }) => done)), longest])
  for (const { reset } of readings) reset()
  return {
    tokens,
    delivered: tokens / streams / each,
    ended: readings.filter(({ seen }) => seen.ended).length,
    bytes: readings.reduce((sum, { seen }) => sum + seen.bytes, 0),
    p50: percentile(late, 0.5),
    p99: percentile(late, 0.99),
  }
}
