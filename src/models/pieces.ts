import { cutAnswer, modelFailure, type Foreign } from './errors.ts'

/** A chunk of the answer itself. */
export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

/** A part beside the answer. `raw` is the provider's own object, where one exists, with all that has no field here. */
export type NonTextPart =
  | { readonly type: 'reasoning'; readonly text: string; readonly raw: unknown }
  | {
      readonly type: 'source'
      readonly url?: string
      readonly title?: string
      readonly raw: unknown
    }
  | { readonly type: 'tool'; readonly name?: string; readonly raw: unknown }
  | {
      readonly type: 'usage'
      readonly inputTokens?: number
      readonly outputTokens?: number
      readonly raw: unknown
    }
  | { readonly type: 'finish'; readonly reason?: string; readonly raw: unknown }
  /** A file that the model made: its bytes are in `raw`. */
  | {
      readonly type: 'file'
      readonly mediaType?: string
      readonly url?: string
      readonly raw: unknown
    }
  /** Data that a program sent beside the model: `name` is `weather` for the AI SDK's `data-weather`. */
  | {
      readonly type: 'data'
      readonly name: string
      readonly data: unknown
      readonly raw: unknown
    }

/** Any part of a model's answer, in one form for all providers. */
export type Part = TextPart | NonTextPart

/**
 * A statement about the answer around the parts of a chunk: `whole`, its end; `apart`, what follows is another text;
 * `open`, the last text goes on until `close`, whatever comes between.
 */
export interface Sign {
  readonly type: 'sign'
  readonly says: 'whole' | 'apart' | 'open' | 'close'
}

/** A failure that comes after the other pieces of its chunk. */
export interface Failure {
  readonly type: 'failure'
  readonly error: unknown
}

/** One of the things that a chunk consists of. */
export type Piece = Part | Sign | Failure

export type Pieces = readonly Piece[]
export const NONE: Pieces = []
export const sign = (...says: readonly Sign['says'][]): Pieces =>
  says.map((each) => ({ type: 'sign', says: each }))
export const APART: Pieces = sign('apart')

/** Leaves out fields that a provider omits or fills with something else. */
const filled = (type: 'string' | 'number', fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === type))

// One function for each kind of part; none comes of what the provider left out.

export const text = (value: unknown): Pieces =>
  typeof value === 'string' && value !== '' ? [{ type: 'text', text: value }] : NONE

export const reasoning = (value: unknown, raw: unknown): Pieces =>
  typeof value === 'string' && value !== '' ? [{ type: 'reasoning', text: value, raw }] : NONE

/** Content that is a text, or a list of texts, thoughts and files. */
export function content(value: Foreign, raw: unknown): Pieces {
  if (value === null || typeof value !== 'object') return text(value)
  return [value].flat().flatMap((block: Foreign): Pieces => {
    if (typeof block === 'string') return text(block)
    const thought = block?.thinking ?? block?.reasoning
    if (thought !== undefined) return reasoning(textIn(thought), raw)
    if (block?.type === 'reference') return source(block, raw)
    return /^(?:image|audio|file)/.test(block?.type) ? file(block, raw) : text(textIn(block))
  })
}

/** The text of a block, or of a list of them. */
function textIn(value: Foreign): string {
  if (typeof value === 'string') return value
  return Array.isArray(value)
    ? value.map(textIn).join('')
    : textIn(value?.text ?? value?.value ?? '')
}

export const tool = (name: unknown, raw: unknown): Pieces => [
  { type: 'tool', ...filled('string', { name }), raw },
]

/** For providers that list their calls: one part for all of a chunk. */
export const tools = (calls: unknown, raw: unknown): Pieces =>
  Array.isArray(calls) && calls.length > 0 ? tool(undefined, raw) : NONE

export function source(from: Foreign, raw: unknown): Pieces {
  const fields = { url: from?.url, title: from?.title ?? from?.document_title }
  return [{ type: 'source', ...filled('string', fields), raw }]
}

/** Each provider counts under names of its own. */
const INPUT =
  'inputTokens input_tokens prompt_tokens prompt_eval_count promptTokens promptTokenCount tokens_evaluated'.split(
    ' ',
  )
const OUTPUT =
  'outputTokens output_tokens completion_tokens eval_count completionTokens candidatesTokenCount tokens_predicted'.split(
    ' ',
  )

export function usage(counts: Foreign, raw: unknown): Pieces {
  const first = (names: readonly string[]): unknown =>
    names.map((name) => counts?.[name]).find((count) => typeof count === 'number')
  const fields = filled('number', { inputTokens: first(INPUT), outputTokens: first(OUTPUT) })
  return Object.keys(fields).length === 0 ? NONE : [{ type: 'usage', ...fields, raw }]
}

/** Reasons of an answer that is not whole: the model failed, or something on the way lost the rest. */
const FAILED = /^(?:(?:\w+_)?error(?:_\w+)?|abort(?:ed)?|cancell?ed|insufficient_system_resource)$/i
const CUT = /^(?:unknown|interrupted|timeout)$/i

/** Tells if an answer that finished for this reason has failed. */
export const isFailure = (reason: unknown): boolean => FAILED.test(String(reason))

export function finish(reason: unknown, raw: unknown): Pieces {
  if (isFailure(reason))
    return [{ type: 'failure', error: modelFailure(`it finished with "${String(reason)}".`) }]
  if (CUT.test(String(reason))) return [{ type: 'failure', error: cutAnswer() }]
  return [{ type: 'finish', ...filled('string', { reason }), raw }]
}

export const file = (from: Foreign, raw: unknown): Pieces => [
  {
    type: 'file',
    ...filled('string', {
      mediaType: from?.mediaType ?? from?.mimeType,
      url: from?.url ?? from?.image_url?.url ?? from?.fileUri,
    }),
    raw,
  },
]
/** For providers that list files beside the text. */
export const files = (list: unknown, raw: unknown): Pieces =>
  Array.isArray(list) ? list.flatMap((each) => file(each, raw)) : NONE

export const data = (name: string, value: unknown, raw: unknown): Pieces => [
  { type: 'data', name, data: value, raw },
]

export const end = (counts: Foreign, reason: unknown, raw: unknown): Pieces => [
  ...usage(counts, raw),
  ...finish(reason, raw),
]

/** For providers whose chunks say only once why the model finished. */
export const mayFinish = (reason: unknown, raw: unknown): Pieces =>
  typeof reason === 'string' && reason !== '' ? finish(reason, raw) : NONE

/** Parts that may stand between two texts, which then are two paragraphs. */
const DIVIDES = new Set(['tool', 'reasoning', 'file', 'finish'])

/** One answer while it is read: keeps its texts apart, and knows whether it is whole. */
export class Answer {
  /** True once a chunk came of a protocol that ends with a sign. */
  hasEndSign: boolean = false
  #isWhole = false
  /** The white space behind the text so far; undefined before the first text. */
  #tail: string | undefined
  /** Something came since the last text. */
  #isApart = false
  /** The last text is open: it goes on, whatever came since. */
  #isOpen = false

  /** The part of a piece; nothing for a sign. Throws  the error of a failure. */
  partOf(piece: Piece): Part | undefined {
    if (piece.type === 'failure') throw piece.error
    if (piece.type === 'text') return this.#text(piece)
    if (piece.type !== 'sign') {
      if (piece.type === 'finish') this.#isWhole = true
      this.#isApart ||= DIVIDES.has(piece.type)
      return piece
    }
    const { says } = piece
    if (says === 'whole') this.#isWhole = true
    else if (says === 'apart') this.#isApart = true
    else this.#isOpen = says === 'open'
    return undefined
  }

  /** Throws  SourceError `source/failed` for an answer whose end has not come. */
  checkEnd(): void {
    if (this.hasEndSign && !this.#isWhole) throw cutAnswer()
  }

  #text(part: Part & { readonly type: 'text' }): Part {
    // What comes behind an end is another answer, with an end of its own.
    this.#isWhole = false
    const { text: own } = part
    const begin = own.trimStart()
    if (begin === '') {
      if (this.#tail !== undefined) this.#tail += own
      return part
    }
    const space = (this.#tail ?? '') + own.slice(0, own.length - begin.length)
    const isNew = this.#isApart && !this.#isOpen && this.#tail !== undefined
    const missing = isNew ? 2 - Math.min(2, space.split('\n').length - 1) : 0
    this.#tail = own.slice(own.trimEnd().length)
    if (!this.#isOpen) this.#isApart = false
    return missing === 0 ? part : { ...part, text: '\n'.repeat(missing) + own }
  }
}
