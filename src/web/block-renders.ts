import { blockKey, failures, type Fragment } from '../fragments/fragment.ts'
import { changesOf, type Difference, type DiffOptions } from '../html/diff.ts'
import { isSamePage, type PageHtml } from '../html/page-html.ts'
import type { HtmlTree } from '../html/tree.ts'
import { blockTree } from '../htmx/block-tree.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../templates/engine.ts'

/** How many differences the subscribers of a run share: they show a few states at the same time. */
const SHARED_DIFFERENCES = 8

/** A block that is open, and its newest fragment. */
interface OpenBlock {
  context: Context
  renderer: BlockRenderer
  fragment: Fragment
  tree: HtmlTree | Promise<HtmlTree>
}

interface KnownDifference {
  readonly before: PageHtml
  readonly after: HtmlTree
  /** The options. */
  readonly key: string
  readonly found: Difference
}

/**
 * Renders the fragments of one stream, or once for all subscribers of one run. Each block is opened once; after that it
 * is called with what has changed.
 */
export class BlockRenders {
  readonly #engine: TemplateEngine
  readonly #blocks = new Map<string, Partial<OpenBlock>>()
  readonly #maxDifferences: number
  #differences: readonly KnownDifference[] = []

  /** @param maxDifferences How many are remembered, for other pages that show the same. */
  constructor(engine: TemplateEngine, maxDifferences: number = 0) {
    this.#engine = engine
    this.#maxDifferences = maxDifferences
  }

  /** Those of all subscribers of a run in this process. */
  static of(subscribers: object, engine: TemplateEngine): BlockRenders {
    const ofEngine = shared.get(engine) ?? new WeakMap<object, BlockRenders>()
    shared.set(engine, ofEngine)
    const renders = ofEngine.get(subscribers) ?? new BlockRenders(engine, SHARED_DIFFERENCES)
    ofEngine.set(subscribers, renders)
    return renders
  }

  /** True for a fragment that shows nothing, because its template lacks the block. */
  isLeftOut(fragment: Fragment): boolean | Promise<boolean> {
    return fragment.optional && isLeftOut(fragment, this.#engine)
  }

  /** Renders a fragment as a tree: at once where the engine does. The newest one of a block is rendered once. */
  render(fragment: Fragment): HtmlTree | Promise<HtmlTree> {
    const failure = failures.get(fragment)
    if (failure) throw failure.error
    const key = blockKey({ template: fragment.template, block: fragment.block })
    const block = this.#blocks.get(key) ?? {}
    this.#blocks.set(key, block)
    if (block.fragment === fragment) return block.tree!
    const changes = block.context && changedKeys(block.context, fragment.context)
    const html = changes ? block.renderer!.render(changes) : this.#open(fragment, block)
    block.fragment = fragment
    // The next tree begins as the one before does.
    const before = block.tree
    block.tree =
      typeof html === 'string' && !(before instanceof Promise)
        ? blockTree(html, before)
        : treeLater(html, before)
    return block.tree
  }

  async #open({ template, block, context }: Fragment, open: Partial<OpenBlock>): Promise<string> {
    const renderer = await this.#engine.open(template, block, context)
    open.context = { ...context }
    open.renderer = renderer
    return renderer.render()
  }

  /** Compares as `changesOf` does, once for all pages that show the same state. */
  readonly difference = (before: PageHtml, after: HtmlTree, options: DiffOptions): Difference => {
    if (this.#maxDifferences === 0) return changesOf(before, after, options)
    const key = Object.values(options).join()
    const equal = this.#differences.find(
      (each) => each.after === after && each.key === key && isSamePage(each.before, before),
    )
    if (equal) return equal.found
    const found = changesOf(before, after, options)
    const known = [{ before, after, key, found }, ...this.#differences]
    this.#differences = known.slice(0, this.#maxDifferences)
    return found
  }
}

/** The same without the renders. */
export async function isLeftOut(
  { optional, template, block }: Fragment,
  engine: TemplateEngine,
): Promise<boolean> {
  return optional && !(await engine.blocks(template)).includes(block)
}

const shared = new WeakMap<TemplateEngine, WeakMap<object, BlockRenders>>()

async function treeLater(
  html: string | Promise<string>,
  before: HtmlTree | Promise<HtmlTree> | undefined,
): Promise<HtmlTree> {
  // A render that failed leaves no tree.
  const known = Promise.resolve(before).catch(() => undefined)
  return blockTree(await html, await known)
}

/** The difference from the context of an open block; nothing when a key is gone, which no change can say. */
function changedKeys(opened: Context, now: Context): Record<string, unknown> | undefined {
  for (const key in opened) if (!Object.hasOwn(now, key)) return undefined
  const changes: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(now))
    if (!Object.is(value, opened[key]) || !Object.hasOwn(opened, key)) changes[key] = value
  return changes
}
