import { LimitError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Driver } from './driver.ts'
import type { EndReason, StreamEnd } from './stream-end.ts'

/** What the streams of this process have done since it started. */
export interface Stats {
  /** Streams open now. */
  readonly open: number
  /** Values taken from sources, pieces sent, and their bytes, of streams that have ended. */
  readonly values: number
  readonly frames: number
  readonly bytes: number
  /** Streams that were not started: too many, or shutting down. */
  readonly refused: number
  /** Streams that have ended, by reason. */
  readonly ended: Readonly<Record<EndReason, number>>
}

interface Entry {
  /** Nothing until the stream is started: its place is taken before. */
  driver: Pick<Driver<never>, 'stop' | 'settled'> | undefined
  readonly client: string | undefined
  readonly host: object | undefined
  over: boolean
}

const entries = new Set<Entry>()
const perClient = new Map<string, number>()
const closing = new WeakSet<object>()
const sums = { open: 0, values: 0, frames: 0, bytes: 0, refused: 0 }
const ended: Record<EndReason, number> = {
  stop: 0,
  error: 0,
  cancel: 0,
  limit: 0,
  timeout: 0,
  shutdown: 0,
  interrupted: 0,
}

/** The place that one stream takes among all streams of the process. */
export interface Place {
  /** Says who drives it, so that it can be stopped from outside. */
  taken(driver: Pick<Driver<never>, 'stop' | 'settled'>): void
  /** Gives the place back. */
  left(end: StreamEnd): void
}

/**
 * Takes a place for one more stream.
 *
 * Throws  LimitError, with the time to come back: `limit/streams-per-client` (429), `limit/streams` or
 *         `limit/closing` (503).
 *
 * @param client The client's address; without one, only the whole is counted.
 * @param host The server it arrived at.
 */
export function takePlace(
  client: string | undefined,
  host: object | undefined,
  limits: Pick<Limits, 'maxStreams' | 'maxStreamsPerClient'>,
): Place {
  const held = client === undefined ? 0 : (perClient.get(client) ?? 0)
  const refusal = refuse(held, host, limits)
  if (refusal) {
    sums.refused += 1
    throw refusal
  }
  const entry: Entry = { driver: undefined, client, host, over: false }
  entries.add(entry)
  sums.open += 1
  if (client !== undefined) perClient.set(client, held + 1)
  return {
    taken(driver) {
      entry.driver = driver
      // It stays known until its teardown has run: a shutdown waits for that.
      void driver.settled.then(() => entries.delete(entry))
    },
    left({ reason, values, frames, bytes }) {
      if (entry.over) return
      entry.over = true
      sums.open -= 1
      sums.values += values
      sums.frames += frames
      sums.bytes += bytes
      ended[reason] += 1
      if (client === undefined) return
      const rest = perClient.get(client)! - 1
      if (rest > 0) perClient.set(client, rest)
      else perClient.delete(client)
    },
  }
}

function refuse(
  held: number,
  host: object | undefined,
  { maxStreams, maxStreamsPerClient }: Pick<Limits, 'maxStreams' | 'maxStreamsPerClient'>,
): LimitError | undefined {
  if (host !== undefined && closing.has(host)) {
    return new LimitError('limit/closing', 'The server is shutting down.', 2)
  }
  if (held >= maxStreamsPerClient) {
    return new LimitError(
      'limit/streams-per-client',
      `This client holds ${held} streams open, which is all it may.`,
      5,
      {
        hint: 'Raise limits.maxStreamsPerClient, or say with `proxies` how many proxies stand in front.',
      },
    )
  }
  if (sums.open >= maxStreams) {
    return new LimitError(
      'limit/streams',
      `The process holds ${sums.open} streams open, which is all it may.`,
      5,
      {
        hint: 'Raise limits.maxStreams, or add a server.',
      },
    )
  }
  return undefined
}

/**
 * Stops all streams of one server with a farewell, and lets it start no more.
 *
 * Out     resolves when the teardown of each has run.
 */
export async function stopStreams(host: object): Promise<void> {
  closing.add(host)
  const own = [...entries].filter((entry) => entry.host === host)
  for (const { driver } of own) driver?.stop('shutdown')
  await Promise.all(own.map(({ driver }) => driver?.settled))
}

/**
 * What the streams of this process have done.
 *
 * @example stats().open // → 0
 */
export function stats(): Stats {
  return { ...sums, ended: { ...ended } }
}
