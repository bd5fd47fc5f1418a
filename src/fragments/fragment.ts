import type { PublicError } from '../shared/errors.ts'
import { omitUndefined } from '../shared/hooks.ts'

/** The variables of a template. */
export type BlockContext = Readonly<Record<string, unknown>>

/** How an addressed fragment enters the page: the swaps that htmx 4 and 2 both know. */
export type Swap =
  | 'innerMorph'
  | 'innerHTML'
  | 'outerHTML'
  | 'beforebegin'
  | 'afterbegin'
  | 'beforeend'
  | 'afterend'
  | 'delete'

/** Where a fragment goes, and which place it has in its stream. */
export interface FragmentOptions {
  /**
   * Where in the page it goes: `#id`. Without one, the first frame of a block lands where the form says
   * (`hx-target`, `hx-swap`), and the later frames of the same block replace it there.
   */
  readonly target?: string
  /** How it enters the target. Default: the target shows the newest state, inside it, or in its place when it is the block's root. */
  readonly swap?: Swap
  /** This is the last state of the block in this stream. Without it, the end of the stream is. */
  readonly final?: boolean
  /** The template may lack the block: then nothing is shown, in place of an error. */
  readonly optional?: boolean
  /** Changes of the context when the stream is cut before a final fragment: `{ streaming: false }`. */
  readonly cut?: BlockContext
  /** The variable that is the text of the answer: `onEnd` gets its newest value. */
  readonly textKey?: string
}

const ID_SELECTOR = /^#[A-Za-z_][\w-]*$/

/**
 * One block of a template with the context to draw it with: what a stream of fragments yields.
 *
 * A fragment is a state, not a change: the newest one of a block stands for all before it.
 *
 * Throws  TypeError when the target is not `#id`, or a swap has no target.
 *
 * @example yield new Fragment('chat.html', 'response', { text: 'Hello' })
 * @example yield new Fragment('feed.html', 'item', { item }, { target: '#feed', swap: 'afterbegin' })
 */
export class Fragment {
  readonly template: string
  readonly block: string
  readonly context: BlockContext
  readonly target: string | undefined
  readonly swap: Swap | undefined
  readonly final: boolean
  readonly optional: boolean
  readonly cut: BlockContext | undefined
  readonly #textKey: string | undefined

  constructor(
    template: string,
    block: string,
    context: BlockContext = {},
    options: FragmentOptions = {},
  ) {
    const { target, swap, final = false, optional = false, cut, textKey } = options
    if (target !== undefined) checkTarget("A fragment's target", target)
    if (swap !== undefined && target === undefined)
      throw new TypeError(
        `A fragment with swap "${swap}" needs a target, such as { target: '#feed', swap: '${swap}' }.`,
      )
    this.template = template
    this.block = block
    this.context = context
    this.target = target
    this.swap = swap
    this.final = final
    this.optional = optional
    this.cut = cut
    this.#textKey = textKey
    Object.freeze(this)
  }

  /** The text of the answer that it shows, when `textKey` says where. */
  get text(): string | undefined {
    const text = this.#textKey === undefined ? undefined : this.context[this.#textKey]
    return typeof text === 'string' ? text : undefined
  }
}

/** Why the context of a fragment could not be made. */
export interface FragmentFailure {
  readonly error: unknown
  /** The part for clients, when the log has the cause already. */
  readonly publicError?: PublicError
}

/** The failures of fragments whose context could not be made: a notice is shown in their place. */
export const failures: WeakMap<Fragment, FragmentFailure> = new WeakMap()

/** Throws  TypeError for a target that is not `#id`. */
export function checkTarget(what: string, target: string): void {
  if (ID_SELECTOR.test(target)) return
  const meant = ID_SELECTOR.test(`#${target}`) ? ` Did you mean "#${target}"?` : ''
  throw new TypeError(
    `${what} is one element by its id, such as "#answer" (letters of ASCII, digits, - and _); it cannot be ${JSON.stringify(target)}.${meant}`,
  )
}

/**
 * Names which part of the page a fragment is a snapshot of. Of two with the same key the newer one replaces the other.
 * Nothing for a fragment that adds or removes something: each of those counts.
 *
 * @example snapshotKey(new Fragment('feed.html', 'item', {}, { target: '#feed', swap: 'beforeend' })) // → undefined
 */
export function snapshotKey(fragment: Fragment): string | undefined {
  const { swap } = fragment
  const replaces = swap === undefined || swap.startsWith('inner') || swap === 'outerHTML'
  return replaces ? blockKey(fragment) : undefined
}

let newest = { template: '', block: '', target: '', key: '\0\0' }

/** Names the block of a fragment with its target. The names are joined once for all that show the same block. */
export function blockKey({
  template,
  block,
  target = '',
}: Pick<Fragment, 'template' | 'block'> & Partial<Fragment>): string {
  if (newest.template !== template || newest.block !== block || newest.target !== target)
    newest = { template, block, target, key: `${template}\0${block}\0${target}` }
  return newest.key
}

/** A fragment as it looks when its stream is cut; nothing when it looks the same. */
export function whenCut(fragment: Fragment): Fragment | undefined {
  const { template, block, context, cut, target, swap, final, optional } = fragment
  if (final || cut === undefined) return undefined
  const options = { ...omitUndefined({ target, swap }), optional }
  return new Fragment(template, block, { ...context, ...cut }, options)
}
