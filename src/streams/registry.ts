import { LimitError } from '../shared/errors.ts'
import type { Limits } from '../shared/limits.ts'
import type { Driver, Seat } from './driver.ts'
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

const places = new Set<Place>()
const perClient = new Map<string, number>()
const closing = new WeakSet<object>()
const sums = { open: 0, values: 0, frames: 0, bytes: 0, refused: 0 }
const ended: Record<EndReason, number> = {
  done: 0,
  stopped: 0,
  error: 0,
  disconnected: 0,
  limit: 0,
  timeout: 0,
  shutdown: 0,
  interrupted: 0,
}

type Stoppable = Pick<Driver<never>, 'stop' | 'leave'>

/** The place that one stream takes among all streams of the process. */
export class Place implements Seat {
  readonly host: object | undefined
  /** Who can stop the stream from outside; nothing until it is started, since its place is taken before. */
  driver: Stoppable | undefined
  readonly #client: string | undefined
  #over = false
  #freed: Promise<void> | undefined
  #onFree: (() => void) | undefined

  constructor(client: string | undefined, host: object | undefined) {
    this.#client = client
    this.host = host
  }

  /** The stream has ended: there is room for another one. */
  left({ reason, values, frames, bytes }: StreamEnd): void {
    if (this.#over) return
    this.#over = true
    sums.open -= 1
    sums.values += values
    sums.frames += frames
    sums.bytes += bytes
    ended[reason] += 1
    if (this.#client === undefined) return
    const rest = perClient.get(this.#client)! - 1
    if (rest > 0) perClient.set(this.#client, rest)
    else perClient.delete(this.#client)
  }

  /** Its teardown has run, too, or was given up: a shutdown waits for that. */
  free(): void {
    places.delete(this)
    this.#onFree?.()
  }

  /** Resolves then. */
  freed(): Promise<void> {
    return (this.#freed ??= new Promise((resolve) => (this.#onFree = resolve)))
  }
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
  const place = new Place(client, host)
  places.add(place)
  sums.open += 1
  if (client !== undefined) perClient.set(client, held + 1)
  return place
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
  const own = [...places].filter((place) => place.host === host)
  for (const { driver } of own) driver?.stop('shutdown')
  // A place whose stream was never started is never freed.
  await Promise.all(own.map((place) => place.driver && place.freed()))
}

/**
 * What the streams of this process have done.
 *
 * @example stats().open // → 0
 */
export function stats(): Stats {
  return { ...sums, ended: { ...ended } }
}
