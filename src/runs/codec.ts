import { SourceError } from '../shared/errors.ts'
import { given } from '../shared/given.ts'
import { Fragment, type FragmentOptions, type Swap } from '../fragments/fragment.ts'
import { EndMarker } from '../streams/end.ts'
import { toJsonText } from '../streams/json.ts'
import type { EndReason } from '../streams/end.ts'
import type { PublicError } from '../streams/end.ts'
import { GrowingText } from '../models/growing-text.ts'
import { ServerSentEvent, type EventFields } from '../sse/server-sent-event.ts'
import { jsonFault } from './json-fault.ts'

/**
 * What a source said, as lines of JSON that another machine can read. A fragment is written once; after that only what
 * is new in it: the text by which it grew, the keys that changed. So a log is about as long as the answer, not its square.
 *
 *   "Hel"                                            text
 *   {"v":{"pct":50}}                                 any other plain value
 *   {"e":{"data":"…","event":"usage"}}               an event with fields of its own
 *   {"f":0,"t":["chat.html","response"],"k":"text","c":{"text":"Hel"},"d":"Hel"}
 *                                                    the first fragment of its address, from now on number 0
 *   {"n":0,"d":"lo"}                                 it grew
 *   {"n":0,"c":{"streaming":false},"x":["hint"],"z":1}   keys changed, keys went, this is the final one
 *   {"end":"stop"}                                   the end, always the last line
 */
type Entry =
  | string
  | { readonly v: unknown }
  | { readonly e: EventFields }
  | FirstEntry
  | NextEntry
  | EndEntry

interface FirstEntry extends Change {
  readonly f: number
  readonly t: readonly [template: string, block: string, target?: string | null, swap?: Swap]
  readonly k?: string
  readonly cut?: Fields
}

interface NextEntry extends Change {
  readonly n: number
}

interface Change {
  /** The growing text grew by this. */
  readonly d?: string
  /** The fragment says that it grew by this, and its text says something else: that stands in `c`. */
  readonly g?: string
  readonly c?: Fields
  readonly x?: readonly string[]
  readonly z?: 1
}

interface EndEntry {
  readonly end: EndReason
  readonly error?: PublicError
  readonly final?: unknown
}

type Fields = Readonly<Record<string, unknown>>

/** The fragment that was written last for one address. */
interface Written {
  readonly number: number
  readonly key: string | undefined
  readonly cut: Fields | undefined
  readonly context: Fields
}

/** Writes the log of one run. */
export interface Encoder {
  /**
   * One value of the source as a line.
   *
   * Cost    follows what is new in it.
   * Throws  SourceError `source/value` when JSON cannot hold it.
   */
  value(value: unknown): string
  end(ended: EndMarker): string
}

/** @example createEncoder().value({ pct: 50 }) // → '{"v":{"pct":50}}' */
export function createEncoder(): Encoder {
  const written = new Map<string, Written>()

  const fragment = (value: Fragment): Entry => {
    const { template, block, target, swap, grows, cut, final } = value
    const address = [template, block, target ?? '', swap ?? ''].join('\0')
    const before = written.get(address)
    const context = present(value.context)
    const key = grows?.key ?? before?.key
    const last = final ? { z: 1 as const } : {}
    if (before === undefined || before.key !== key || before.cut !== cut) {
      const number = before?.number ?? written.size
      checkFields(context, value)
      if (cut) checkFields(cut, value)
      written.set(address, { number, key, cut, context })
      const place = [template, block, ...(target === undefined ? [] : [target, swap])]
      const told = grows && { d: grows.delta }
      return {
        f: number,
        t: place as unknown as FirstEntry['t'],
        ...given({ k: key, cut: cut && present(cut) }),
        c: context,
        ...told,
        ...last,
      }
    }
    const grew = grows && growsBy(before.context[grows.key], context[grows.key], grows.delta)
    const changed = Object.entries(context).filter(
      ([name, now]) =>
        !(grew && name === key) &&
        !(Object.hasOwn(before.context, name) && Object.is(before.context[name], now)),
    )
    const gone = Object.keys(before.context).filter((name) => !Object.hasOwn(context, name))
    const changes = Object.fromEntries(changed)
    checkFields(changes, value)
    written.set(address, { ...before, context })
    return {
      n: before.number,
      ...(grows && (grew ? { d: grows.delta } : { g: grows.delta })),
      ...(changed.length > 0 && { c: changes }),
      ...(gone.length > 0 && { x: gone }),
      ...last,
    }
  }

  return {
    value(value) {
      if (value instanceof Fragment) return JSON.stringify(fragment(value))
      if (value instanceof ServerSentEvent) return JSON.stringify({ e: value })
      return typeof value === 'string' ? JSON.stringify(value) : `{"v":${toJsonText(value)}}`
    },
    end({ reason, publicError, final }) {
      const more = final === undefined ? '' : `,"final":${toJsonText(final)}`
      return `{"end":"${reason}"${publicError ? `,"error":${JSON.stringify(publicError)}` : ''}${more}}`
    },
  }
}

/** Reads the lines of one log, in their order: values, and at last an `EndMarker`. */
export type Decoder = (line: string) => unknown

/** @example createDecoder()('{"v":{"pct":50}}') // → { pct: 50 } */
export function createDecoder(): Decoder {
  const read: Read[] = []

  const fragment = (first: FirstEntry, change: Change): Fragment => {
    const { t, k: key, cut } = first
    const [template, block, target, swap] = t
    const { d, g, c = {}, x = [], z } = change
    const known = read[first.f]!
    const context = Object.fromEntries(
      Object.entries({ ...known.context, ...c }).filter(([name]) => !x.includes(name)),
    )
    if (d !== undefined && change !== first) {
      if (known.text.whole !== context[key!]) known.text = textOf(context[key!] as string)
      context[key!] = known.text.add(d)
    }
    known.context = context
    const delta = d ?? g
    const grows = delta === undefined ? undefined : { key: key!, delta }
    const options = { target: target ?? undefined, swap: swap ?? undefined, cut, grows }
    return new Fragment(template, block, context, {
      ...(given(options) as FragmentOptions),
      final: z === 1,
    })
  }

  return (line) => {
    const entry = JSON.parse(line) as Entry
    if (typeof entry === 'string') return entry
    if ('n' in entry) return fragment(read[entry.n]!.first, entry)
    if ('f' in entry) {
      read[entry.f] = { first: entry, context: {}, text: textOf('') }
      return fragment(entry, entry)
    }
    if ('e' in entry) return new ServerSentEvent(entry.e)
    if ('v' in entry) return entry.v
    return new EndMarker(entry.end, { publicError: entry.error, final: entry.final })
  }
}

/** The fragment that was read last for one address. */
interface Read {
  readonly first: FirstEntry
  context: Fields
  text: GrowingText
}

function textOf(whole: string): GrowingText {
  const text = new GrowingText()
  text.add(whole)
  return text
}

/** To a template, a key without a value is no key, and JSON knows none. */
function present(fields: Fields): Fields {
  const entries = Object.entries(fields)
  return entries.every(([, value]) => value !== undefined)
    ? fields
    : Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** Compares lengths only, as the frames do: to compare the texts would cost what growing saves. */
function growsBy(before: unknown, now: unknown, delta: string): boolean {
  return (
    typeof before === 'string' &&
    typeof now === 'string' &&
    before.length + delta.length === now.length
  )
}

function checkFields(fields: Fields, { template, block }: Fragment): void {
  const fault = jsonFault(fields)
  if (fault === undefined) return
  throw new SourceError(
    'source/value',
    `A run keeps what its source says as JSON, and the context of block "${block}" of "${template}" cannot be kept: ${fault}.`,
    { hint: 'Give the template text, numbers, and plain objects and lists of those.' },
  )
}
