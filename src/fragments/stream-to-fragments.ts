import { abortableGenerator } from '../shared/abortable.ts'
import type { NonTextPart, Part } from '../models/pieces.ts'
import { readParts } from '../models/parts.ts'
import type { TokenSource } from '../models/source.ts'
import { Fragment, type BlockContext } from './fragment.ts'

/** The variables beside the text, and the fragments after it. */
export interface StreamToFragmentsOptions {
  /** The name of the growing text in the template. Default `text`. */
  readonly contextKey?: string
  /** More for the template, the same in every frame. The growing text and `streaming` win over equal names. */
  readonly extraContext?: BlockContext
  /** `#id` of the element that shows the answer; default: where the form says. */
  readonly target?: string
  /** Renders the block before the first token, too, with an empty text: question and caret are shown at once. */
  readonly renderInitial?: boolean
  /**
   * A block that says in words that an answer is being written, and then that it is complete. It is rendered with
   * `streaming` and `failed` at the start and at the end, into the element with its name as id. It implies
   * `renderInitial`.
   */
  readonly statusBlock?: string
  /**
   * Called with what the model says beside its text: reasoning, tool calls, sources. What it returns, or a promise
   * of it, changes the context from then on, and the block is rendered: `(part) => part.type === 'reasoning' && { reasoning: (all += part.text) }`.
   */
  readonly onPart?: (
    part: NonTextPart,
  ) => BlockContext | false | void | Promise<BlockContext | false | void>
  /** Called with the whole text after the last frame; may give more fragments, such as a link to share, or a promise. */
  readonly onDone?: (
    text: string,
  ) => Iterable<Fragment> | AsyncIterable<Fragment> | void | Promise<Iterable<Fragment> | void>
}

/** The variables of an answer that is not whole: it must not look busy for ever. */
const CUT = Object.freeze({ streaming: false, failed: true })

/**
 * Renders one template block again as text grows.
 *
 * In      whatever `tokens` reads; text may be cut anywhere, also inside a character pair or a Markdown mark.
 * Out     one Fragment a token, and one a change that `onPart` makes, with all the text so far and `streaming = true`; a
 *         last one with `streaming = false`, also when no token came, so that a waiting sign always ends; then the
 *         fragments of `onDone`. The status block comes behind the first and behind the last of these.
 * Cost    one object a token; rendering is paid by whatever reads the fragments, and stale ones need not be rendered.
 * Ends    closes the tokens exactly once: at the end, on a throw, or when the reader leaves, at once also when they are
 *         silent.
 * Throws  what the tokens, `onPart` or `onDone` throw. What was written stays: each Fragment says how it looks when it is
 *         cut (`streaming = false`, `failed = true`).
 *
 * @example new EventStream(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'))
 */
export function streamToFragments(
  tokens: TokenSource,
  template: string,
  block: string,
  input: StreamToFragmentsOptions = {},
): AsyncGenerator<Fragment, void, undefined> {
  const options = omitEmpty(input)
  const fragments = abortableGenerator((signal) =>
    fragmentsOf(readParts(tokens, signal), template, block, options),
  )
  hintStreaming(fragments, template, block, options, async () => options.extraContext)
  return fragments
}

/** Copies options without those that are null or an empty text, which is the same as absent. */
export function omitEmpty<T extends object>(options: T): T {
  const filled = Object.entries(options).filter(([, value]) => value !== null && value !== '')
  return Object.fromEntries(filled) as T
}

/** Makes the fragments of one answer from the parts of its model. */
export async function* fragmentsOf(
  parts: AsyncIterable<Part>,
  template: string,
  block: string,
  options: StreamToFragmentsOptions,
): AsyncGenerator<Fragment, void, undefined> {
  const { contextKey = 'text', extraContext, target, onPart, onDone } = options
  // Every key is present from the start: an object that is copied and then extended costs thirty times as much.
  const context = { ...extraContext, streaming: true, failed: false, [contextKey]: '' }
  const address = { ...(target !== undefined && { target }), textKey: contextKey }
  let text = ''
  const snapshot = (final = false): Fragment => {
    const state = { ...context, streaming: !final, [contextKey]: text }
    return new Fragment(template, block, state, { ...address, cut: CUT, final })
  }

  yield* initialFragments(template, block, options)
  for await (const part of parts) {
    const changes = part.type === 'text' ? {} : await onPart?.(part)
    if (!changes) continue
    if (part.type === 'text') text += part.text
    Object.assign(context, changes)
    yield snapshot()
  }
  yield snapshot(true)
  yield* (await onDone?.(text)) ?? []
  yield* status(template, false, options)
}

/** The fragments before the first token: the answer first, since an error is shown below it. */
export function initialFragments(
  template: string,
  block: string,
  options: StreamToFragmentsOptions,
): readonly Fragment[] {
  const { contextKey = 'text', extraContext, target, renderInitial, statusBlock } = options
  if (!renderInitial && statusBlock === undefined) return []
  const state = { ...extraContext, streaming: true, failed: false, [contextKey]: '' }
  const place = { ...(target !== undefined && { target }), cut: CUT, textKey: contextKey }
  return [new Fragment(template, block, state, place), ...status(template, true, options)]
}

function status(
  template: string,
  streaming: boolean,
  { extraContext, statusBlock }: StreamToFragmentsOptions,
): readonly Fragment[] {
  if (statusBlock === undefined) return []
  const state = { ...extraContext, streaming, failed: false }
  const place = { target: `#${statusBlock}`, cut: CUT, final: !streaming }
  return [new Fragment(template, statusBlock, state, place)]
}

/** The page of a stream of fragments before it is read, so that it can begin. */
export interface StreamingHint {
  readonly template: string
  /** The block and the variable that grow. */
  readonly block: string
  readonly key: string
  /** Everything else, as it is in the last fragment. */
  readonly context: BlockContext
}

/** The hints of streams of which one text grows and nothing else changes. They do not apply to wrappers of these. */
export const streamingHints: WeakMap<object, () => Promise<StreamingHint>> = new WeakMap()

/** Notes the hint of a stream, unless its options say that more than one text changes. */
export function hintStreaming(
  fragments: object,
  template: string,
  block: string,
  { contextKey: key = 'text', statusBlock, onPart, onDone }: StreamToFragmentsOptions,
  extraContext: () => Promise<BlockContext | undefined>,
): void {
  if (statusBlock !== undefined || onPart || onDone) return
  streamingHints.set(fragments, async () => {
    const context = { ...(await extraContext()), streaming: false, failed: false, [key]: '' }
    return { template, block, key, context }
  })
}
