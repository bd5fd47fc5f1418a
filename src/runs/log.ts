import { SourceError, type PublicError } from '../shared/errors.ts'
import { failures, Fragment, type Swap } from '../fragments/fragment.ts'
import { EndMarker, failureBehind, type EndReason } from '../streams/end.ts'
import { ServerSentEvent, type EventFields, toJsonText } from '../sse/server-sent-event.ts'
import { kindOf } from '../shared/hooks.ts'

/**
 * The log of a run: one line of JSON per value, which any node can read. A fragment is written once; later lines only
 * say what changed, so a log is about as long as the answer and not as its square.
 *
 *   "Hel"                                            text
 *   {"v":{"pct":50}}                                 any other plain value
 *   {"e":{"data":"…","event":"usage"}}               an event with fields of its own
 *   {"f":0,"t":["chat.html","response"],"c":{"text":"Hel"}}     the first fragment of an address, number 0 from now on
 *   {"n":0,"d":{"text":"lo"}}                        a text of number 0 grew
 *   {"n":0,"c":{"streaming":false},"x":["hint"],"z":1}     variables changed, others are gone, this snapshot is final
 *   {"f":1,"t":["page.html","list"],"c":{},"z":1,"error":{…}}     a block whose context could not be made
 *   {"n":0}                                          a snapshot that the next one of the block replaced at once
 *   {"end":"done"}                                   the end, always the last line
 */
type Line =
  | string
  | { readonly v: unknown }
  | { readonly e: EventFields }
  | ({ readonly f: number; readonly t: Address } & Change)
  | ({ readonly n: number } & Change)
  | { readonly end: EndReason; readonly error?: PublicError; readonly final?: unknown }

type Fields = Readonly<Record<string, unknown>>
type Address = readonly [
  template: string,
  block: string,
  target?: string | null,
  swap?: Swap | null,
  optional?: 1,
]

interface Change {
  /** Texts that grew, and by what. */
  readonly d?: Readonly<Record<string, string>>
  /** Other variables that changed. */
  readonly c?: Fields
  /** Variables that are gone. */
  readonly x?: readonly string[]
  /** How the block looks when the stream is cut, if that changed. */
  readonly cut?: Fields | null
  /** The snapshot is final. */
  readonly z?: 1
  /** Why there is a notice in place of the block. */
  readonly error?: PublicError
}

/** Newest fragment of an address, as both sides know it. A map, because a variable may be called `__proto__`. */
interface Block {
  readonly number: number
  readonly address: Address
  context: Map<string, unknown>
  cut: Fields | undefined
}

function newBlock(number: number, address: Address): Block {
  return { number, address, context: new Map(), cut: undefined }
}

/** Writes the log of one run. */
export class LogEncoder {
  readonly #blocks = new Map<string, Block>()

  /**
   * Encodes a value as one line.
   *
   * Cost    compares the texts of a fragment with those before, so replaced ones are worth leaving out.
   * Throws  SourceError `source/value` if JSON would change it.
   *
   * @param isReplaced A newer snapshot follows at once: only the position of this one is written.
   * @example new LogEncoder().value({ pct: 50 }) // → '{"v":{"pct":50}}'
   */
  value(value: unknown, isReplaced = false): string {
    if (value instanceof Fragment) return this.#fragment(value, isReplaced)
    if (value instanceof ServerSentEvent) return JSON.stringify({ e: value })
    return typeof value === 'string' ? JSON.stringify(value) : `{"v":${toJsonText(value)}}`
  }

  end({ reason, publicError, final }: EndMarker): string {
    const more = final === undefined ? '' : `,"final":${toJsonText(final)}`
    return `{"end":"${reason}"${publicError ? `,"error":${JSON.stringify(publicError)}` : ''}${more}}`
  }

  #fragment(fragment: Fragment, isReplaced: boolean): string {
    const { template, block, target, swap, optional, cut, final } = fragment
    const place: Address =
      target === undefined ? [template, block] : [template, block, target, swap ?? null]
    const address: Address = optional ? [template, block, target ?? null, swap ?? null, 1] : place
    const name = JSON.stringify(address)
    const known = this.#blocks.get(name)
    if (known && isReplaced) return JSON.stringify({ n: known.number })
    const before = known ?? newBlock(this.#blocks.size, address)
    // A template does not see a variable without a value, and JSON has none.
    const context = new Map(
      Object.entries(fragment.context).filter(([, value]) => value !== undefined),
    )
    const grown: [string, string][] = []
    const changed: [string, unknown][] = []
    for (const [key, value] of context) {
      const old = before.context.get(key)
      if (Object.is(value, old)) continue
      const grew =
        typeof value === 'string' && typeof old === 'string' && old && value.startsWith(old)
      if (grew) grown.push([key, value.slice(old.length)])
      else changed.push([key, value])
    }
    const error = failures.get(fragment)?.publicError
    const gone = [...before.context.keys()].filter((key) => !context.has(key))
    const changes = Object.fromEntries(changed)
    checkFields(changes, fragment)
    if (cut && cut !== before.cut) checkFields(cut, fragment)
    this.#blocks.set(name, { ...before, context, cut })
    return JSON.stringify({
      ...(known ? { n: known.number } : { f: before.number, t: address }),
      ...(grown.length > 0 && { d: Object.fromEntries(grown) }),
      ...(changed.length > 0 && { c: changes }),
      ...(gone.length > 0 && { x: gone }),
      ...(cut !== before.cut && { cut: cut ?? null }),
      ...(final && { z: 1 }),
      ...(error && { error }),
    })
  }
}

/** Reads the log of one run. */
export class LogDecoder {
  readonly #blocks: Block[] = []

  /**
   * Decodes the next line: a value, or at last an `EndMarker`.
   *
   * @example new LogDecoder().decode('{"v":{"pct":50}}') // → { pct: 50 }
   */
  decode(line: string): unknown {
    const entry = JSON.parse(line) as Line
    if (typeof entry === 'string') return entry
    if ('v' in entry) return entry.v
    if ('e' in entry) return new ServerSentEvent(entry.e)
    if ('end' in entry)
      return new EndMarker(entry.end, { publicError: entry.error, final: entry.final })
    if ('f' in entry) this.#blocks[entry.f] = newBlock(entry.f, entry.t)
    return this.#fragment(this.#blocks['f' in entry ? entry.f : entry.n]!, entry)
  }

  #fragment(block: Block, { d = {}, c = {}, x = [], cut, z, error }: Change): Fragment {
    const { context, address } = block
    for (const [key, value] of Object.entries(c)) context.set(key, value)
    for (const [key, more] of Object.entries(d))
      context.set(key, (context.get(key) as string) + more)
    for (const key of x) context.delete(key)
    if (cut !== undefined) block.cut = cut ?? undefined
    const [template, name, target, swap, optional] = address
    const fragment = new Fragment(template, name, Object.fromEntries(context), {
      ...(target && { target }),
      ...(swap && { swap }),
      ...(optional && { optional: true }),
      ...(block.cut && { cut: block.cut }),
      final: z === 1,
    })
    if (error) failures.set(fragment, { error: failureBehind(error), publicError: error })
    return fragment
  }
}

function checkFields(fields: Fields, { template, block }: Fragment): void {
  const fault = jsonFault(fields)
  if (fault === undefined) return
  const message = `A run is stored as JSON, which cannot hold the context of "${block}" of "${template}": ${fault}.`
  const hint = 'Give the template text, numbers, and plain objects and lists of those.'
  throw new SourceError('source/value', message, { hint })
}

/**
 * Finds why JSON changes a value, if it does. Members without a value may go missing.
 *
 * @example jsonFault({ at: [new Date(0)] }) // → 'at.0 is a Date'
 */
export function jsonFault(value: unknown, path: readonly string[] = []): string | undefined {
  const name = path.slice(0, 5).join('.') || 'it'
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${name} is ${value}`
  if (value === undefined) return `${name} is undefined`
  if (typeof value !== 'object') return `${name} is ${kindOf(value)}`
  if (path.length > 100) return `${name}… is circular`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    return `${name} is ${kindOf(value)}`
  for (const [key, member] of Object.entries(value)) {
    const fault =
      member === undefined && !Array.isArray(value) ? undefined : jsonFault(member, [...path, key])
    if (fault) return fault
  }
  return undefined
}

/**
 * Creates an id of 128 random bits, which cannot be guessed.
 *
 * @example isRunId(newRunId()) // → true
 */
export function newRunId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const text = btoa(String.fromCharCode(...bytes)).slice(0, 22)
  return text.replaceAll('+', '-').replaceAll('/', '_')
}

/** Checks the form of an id; nothing else is looked up. */
export function isRunId(text: string): boolean {
  return /^[\w-]{22}$/.test(text)
}
