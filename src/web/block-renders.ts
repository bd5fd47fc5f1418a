import type { Fragment } from '../fragments/fragment.ts'
import type { HtmlTree } from '../html/tree.ts'
import { blockTree } from '../htmx/block-tree.ts'
import type { Crowd } from '../streams/source.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../templates/engine.ts'

interface Opened {
  readonly context: Context
  readonly renderer: BlockRenderer
}

/**
 * Renders the fragments of one stream, or of all subscribers of one run. Each block is opened once; after that it is
 * given what has changed.
 *
 * Cost    opening is paid once a block; a snapshot is rendered and read once, however many subscribers show it.
 */
export class BlockRenders {
  readonly #engine: TemplateEngine
  readonly #opened = new Map<string, Opened>()
  /** What was rendered last of each block. */
  readonly #last = new Map<string, HtmlTree>()
  /** What was rendered, by its context: for several subscribers only. */
  readonly #known: WeakMap<Context, Map<string, HtmlTree | Promise<HtmlTree>>> | undefined

  constructor(engine: TemplateEngine, isShared: boolean = false) {
    this.#engine = engine
    this.#known = isShared ? new WeakMap() : undefined
  }

  /** Those of all subscribers of a run in this process. */
  static of(subscribers: Crowd, engine: TemplateEngine): BlockRenders {
    let engines = shared.get(engine)
    if (engines === undefined) shared.set(engine, (engines = new WeakMap()))
    let renders = engines.get(subscribers)
    if (renders === undefined) engines.set(subscribers, (renders = new BlockRenders(engine, true)))
    return renders
  }

  /** A block as the page will have it; a promise for the first of a block, and for blocks that are asynchronous. */
  render(fragment: Fragment): HtmlTree | Promise<HtmlTree> {
    const { template, block, context } = fragment
    if (this.#known === undefined) return this.#read(fragment)
    let blocks = this.#known.get(context)
    if (blocks === undefined) this.#known.set(context, (blocks = new Map()))
    const key = `${template}\0${block}`
    let tree = blocks.get(key)
    if (tree === undefined) {
      blocks.set(key, (tree = this.#read(fragment)))
      if (tree instanceof Promise)
        tree.then((read) => blocks.set(key, read)).catch(() => blocks.delete(key))
    }
    return tree
  }

  #tree(key: string, html: string): HtmlTree {
    const tree = blockTree(html, this.#last.get(key))
    this.#last.set(key, tree)
    return tree
  }

  #read({ template, block, context }: Fragment): HtmlTree | Promise<HtmlTree> {
    const key = `${template}\0${block}`
    const opened = this.#opened.get(key)
    const changes = opened && changesOf(opened.context, context)
    if (changes) {
      const html = opened.renderer.render(changes)
      return typeof html === 'string'
        ? this.#tree(key, html)
        : html.then((text) => this.#tree(key, text))
    }
    return this.#engine.open(template, block, context).then(async (renderer) => {
      this.#opened.set(key, { context: { ...context }, renderer })
      return this.#tree(key, await renderer.render())
    })
  }
}

const shared = new WeakMap<TemplateEngine, WeakMap<Crowd, BlockRenders>>()

/** What differs from the context a block was opened with; nothing when a key is gone, which no change can say. */
function changesOf(opened: Context, now: Context): Record<string, unknown> | undefined {
  for (const key of Object.keys(opened)) if (!Object.hasOwn(now, key)) return undefined
  const changes: Record<string, unknown> = {}
  for (const key of Object.keys(now)) {
    if (!Object.is(now[key], opened[key]) || !Object.hasOwn(opened, key)) changes[key] = now[key]
  }
  return changes
}
