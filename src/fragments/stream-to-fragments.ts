import { given } from '../shared/given.ts'
import { Stoppable } from '../shared/stoppable.ts'
import { accumulate, type Accumulated } from '../models/accumulate.ts'
import type { NonTextPart } from '../models/part.ts'
import type { TokenSource } from '../models/token-source.ts'
import { Fragment } from './fragment.ts'
import { foretell } from './outlook.ts'

/** What the template is given beside the text, and what follows it. */
export interface StreamToFragmentsOptions {
  /** The name of the growing text in the template. Default `text`. */
  readonly contextKey?: string
  /** More for the template, the same in every frame. The growing text and `streaming` win over equal names. */
  readonly extraContext?: Readonly<Record<string, unknown>>
  /** `#id` of the element that shows the answer; default: where the form says. */
  readonly target?: string
  /** Draws the block before the first token, too, with an empty text: a question and its caret are there at once. */
  readonly renderInitial?: boolean
  /**
   * A block that says in words that an answer is being written, and then that it is there: it is drawn with `streaming`
   * and `failed` at the start and at the end, into the element with its name as id. It implies `renderInitial`.
   */
  readonly statusBlock?: string
  /**
   * Told what the model says beside its text: reasoning, tool calls, sources. What it gives back changes the context
   * from then on, and the block is drawn: `(part) => part.type === 'reasoning' && { reasoning: (all += part.text) }`.
   */
  readonly onPart?: (part: NonTextPart) => Readonly<Record<string, unknown>> | false | void
  /** Called with the whole text after the last frame; may give more fragments, such as a link to share. */
  readonly onDone?: OnDone
}

/** What follows an answer that is whole. */
export type OnDone = (text: string) => Iterable<Fragment> | AsyncIterable<Fragment> | void

/** An answer that ended before it was whole must not look busy for ever. */
const CUT = Object.freeze({ streaming: false, failed: true })

type State = Pick<Accumulated, 'text' | 'delta' | 'final'>
/** How it looks before the first token, and when it ends without any. */
const FIRST: State = { text: '', delta: '', final: false }
const LAST: State = { text: '', delta: '', final: true }

/**
 * Draws one template block again as text grows.
 *
 * In      whatever `tokens` reads; text may be cut anywhere, also inside a character pair or a Markdown mark.
 * Out     one Fragment a token, and one a change that `onPart` makes, with all the text so far and `streaming = true`; a last one with `streaming = false`,
 *         also when no token came, so that a waiting sign always ends; then the fragments of `onDone`. The status block
 *         comes behind the first and behind the last of these.
 * Cost    one object a token; drawing is paid by whoever takes the fragments, and stale ones need not be drawn.
 * Ends    closes the tokens exactly once: at the end, on a throw, or when the reader stops, at once also when they are
 *         silent.
 * Throws  what the tokens, `onPart` or `onDone` throw. What was written stays: each Fragment says how it looks when it is cut
 *         (`streaming = false`, `failed = true`).
 *
 * @example new EventStream(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'))
 */
export function streamToFragments(
  tokens: TokenSource,
  template: string,
  block: string,
  options: StreamToFragmentsOptions = {},
): AsyncGenerator<Fragment, void, undefined> {
  const {
    contextKey = 'text',
    extraContext,
    target,
    renderInitial,
    statusBlock,
    onPart,
    onDone,
  } = options
  // Every key stands in both from the start: an object that is copied and then extended costs thirty times as much.
  let context = { ...extraContext, streaming: true, failed: false, [contextKey]: '' }
  const addressed = { ...given({ target }), cut: CUT, final: false, grows: { key: '', delta: '' } }
  let whole = ''
  const drawn = ({ text, delta, final }: State): Fragment => {
    if (onDone) whole = text
    const state = { ...context, streaming: !final, [contextKey]: text }
    return new Fragment(template, block, state, {
      ...addressed,
      final,
      grows: { key: contextKey, delta },
    })
  }
  const joined =
    onPart &&
    ((part: NonTextPart): boolean => {
      const changes = onPart(part)
      if (changes) context = { ...context, ...changes }
      return Boolean(changes)
    })
  const fragments = accumulate(tokens, given({ onPart: joined }), drawn)
  const early = renderInitial || statusBlock !== undefined
  if (!early && onDone === undefined) {
    // What a model says beside its text nobody can foretell.
    if (!onPart)
      foretell(fragments, () => ({
        template,
        key: contextKey,
        context: drawn(LAST).context,
      }))
    return fragments
  }

  const said = (streaming: boolean): Fragment[] => {
    if (statusBlock === undefined) return []
    const state = { ...extraContext, streaming, failed: false }
    const place = { target: `#${statusBlock}`, cut: CUT, final: !streaming }
    return [new Fragment(template, statusBlock, state, place)]
  }
  let stopped = false
  async function* all(): AsyncGenerator<Fragment, void, undefined> {
    // The answer first: what goes wrong is told below it.
    if (early) yield drawn(FIRST)
    yield* said(true)
    yield* fragments
    if (stopped) return
    yield* onDone?.(whole) ?? []
    yield* said(false)
  }
  return new Stoppable(all(), () => {
    stopped = true
    return fragments.return()
  })
}
