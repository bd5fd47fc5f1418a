import { LimitError } from '../shared/errors.ts'
import { Slots, type Limits } from '../shared/limits.ts'
import type { EndReason, StreamEnd } from './end.ts'

/** Counts of the streams of this process since it started. */
export interface Stats {
  /** Streams open now. */
  readonly open: number
  /** Values taken from sources, frames sent, and their bytes, of streams that have ended. */
  readonly values: number
  readonly frames: number
  readonly bytes: number
  /** Streams that could not start: too many, or shutting down. */
  readonly refused: number
  /** Streams that have ended, by reason. */
  readonly ended: Readonly<Record<EndReason, number>>
}

const open = new Slots()
const slots = new Set<Slot>()
const closing = new WeakSet<object>()
const sums = { values: 0, frames: 0, bytes: 0, refused: 0 }
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

/** The slot that one stream holds among all streams of the process. */
export class Slot {
  readonly host: object | undefined
  /** Stops its stream; undefined until that is made. */
  stop: ((reason: EndReason) => void) | undefined
  readonly #giveBack: () => void
  #onRelease!: () => void
  /** Resolves when the slot is released. */
  readonly released: Promise<void> = new Promise((resolve) => (this.#onRelease = resolve))

  constructor(client: string | undefined, host: object | undefined) {
    this.host = host
    this.#giveBack = open.acquire(client)
    slots.add(this)
  }

  /** Counts the stream, which has ended: its client may open another one. */
  ended({ reason, values, frames, bytes }: StreamEnd): void {
    this.#giveBack()
    sums.values += values
    sums.frames += frames
    sums.bytes += bytes
    ended[reason] += 1
  }

  /** Frees the slot once the source is torn down: a shutdown waits for that. */
  release(): void {
    slots.delete(this)
    this.#onRelease()
  }
}

/**
 * Acquires a slot for one more stream.
 *
 * Throws  LimitError, with the time to come back: `limit/streams-per-client` (429), `limit/streams` or
 *         `limit/closing` (503).
 *
 * @param address The client's address; without one, only the whole is counted.
 * @param host The server it arrived at.
 */
export function acquireSlot(
  address: string | undefined,
  host: object | undefined,
  limits: Pick<Limits, 'maxStreams' | 'maxStreamsPerClient'>,
): Slot {
  const client = address === undefined ? undefined : clientOf(address)
  const refusal = refusalOf(open.countOf(client), host, limits)
  if (refusal === undefined) return new Slot(client, host)
  sums.refused += 1
  throw refusal
}

/**
 * Names the client behind an address. Of IPv6 that is the network /64: one client has all its addresses. An IPv4 address
 * may be written as an IPv6 one: it is the same client.
 *
 * @example clientOf('2001:db8::7') // → '2001:db8:0:0::/64'
 * @example clientOf('::ffff:8.8.8.8') // → '8.8.8.8'
 */
export function clientOf(address: string): string {
  // What has a zone is of this link, where all have one network.
  const url = `http://[${address}]`
  if (!address.includes(':') || !URL.canParse(url)) return address
  const [start = '', end] = new URL(url).hostname.slice(1, -1).split('::')
  const [left = [], right = []] = [start, end].map((part) => part?.split(':').filter(Boolean))
  const gap = Array<string>(8 - left.length - right.length).fill('0')
  const groups = [...left, ...gap, ...right]
  const network = groups.slice(0, 4).join(':')
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') {
    const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16))
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  // Behind a translator of IPv4 (RFC 6052, RFC 8215), and on one link, many clients share a network.
  return /^(?:64:ff9b|fe[89ab].):/.test(network) ? groups.join(':') : `${network}::/64`
}

function refusalOf(
  own: number,
  host: object | undefined,
  { maxStreams, maxStreamsPerClient }: Pick<Limits, 'maxStreams' | 'maxStreamsPerClient'>,
): LimitError | undefined {
  if (host !== undefined && closing.has(host))
    return new LimitError('limit/closing', 'The server is shutting down.', 2)
  const message = (who: string, count: number): string =>
    `${who} holds ${count} streams open, which is all it may.`
  if (own >= maxStreamsPerClient)
    return new LimitError('limit/streams-per-client', message('This client', own), 5, {
      hint: 'Raise limits.maxStreamsPerClient, or say with `proxies` how many proxies stand in front.',
    })
  if (open.count < maxStreams) return undefined
  const hint = 'Raise limits.maxStreams, or add a server.'
  return new LimitError('limit/streams', message('The process', open.count), 5, { hint })
}

/**
 * Stops all streams of one server with a shutdown event, and lets it start no more.
 *
 * Out     resolves when the teardown of each has run.
 */
export async function stopStreams(host: object): Promise<void> {
  closing.add(host)
  // A slot whose stream was never made is never released.
  const own = [...slots].filter((slot) => slot.host === host && slot.stop)
  for (const slot of own) slot.stop!('shutdown')
  await Promise.all(own.map(({ released }) => released))
}

/**
 * Counts the streams of this process.
 *
 * @example stats().open // → 0
 */
export function stats(): Stats {
  return { open: open.count, ...sums, ended: { ...ended } }
}
