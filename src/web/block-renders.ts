import type { Fragment } from '../fragments/fragment.ts'
import type { HtmlTree } from '../html/tree.ts'
import { blockTree } from '../htmx/block-tree.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../templates/engine.ts'

/**
 * Renders the fragments of one stream, or once for all subscribers of one run. Each block is opened once; after that it
 * is called with what has changed.
 */
export class BlockRenders {
  readonly #engine: TemplateEngine
  readonly #opened = new Map<
    string,
    { readonly context: Context; readonly renderer: BlockRenderer }
  >()
  /** The newest tree of each block: the next one begins as that one does. */
  readonly #last = new Map<string, HtmlTree>()
  readonly #rendered = new WeakMap<Fragment, Promise<HtmlTree>>()

  constructor(engine: TemplateEngine) {
    this.#engine = engine
  }

  /** Those of all subscribers of a run in this process. */
  static of(subscribers: object, engine: TemplateEngine): BlockRenders {
    const ofEngine = shared.get(engine) ?? new WeakMap<object, BlockRenders>()
    shared.set(engine, ofEngine)
    const renders = ofEngine.get(subscribers) ?? new BlockRenders(engine)
    ofEngine.set(subscribers, renders)
    return renders
  }

  /** Renders a fragment as a tree. */
  render(fragment: Fragment): Promise<HtmlTree> {
    let tree = this.#rendered.get(fragment)
    if (tree === undefined) this.#rendered.set(fragment, (tree = this.#render(fragment)))
    return tree
  }

  async #render({ template, block, context }: Fragment): Promise<HtmlTree> {
    const key = `${template}\0${block}`
    const opened = this.#opened.get(key)
    const changes = opened && changesOf(opened.context, context)
    let html: string
    if (opened && changes) html = await opened.renderer.render(changes)
    else {
      const renderer = await this.#engine.open(template, block, context)
      this.#opened.set(key, { context: { ...context }, renderer })
      html = await renderer.render()
    }
    const tree = blockTree(html, this.#last.get(key))
    this.#last.set(key, tree)
    return tree
  }
}

const shared = new WeakMap<TemplateEngine, WeakMap<object, BlockRenders>>()

/** The difference from the context of an open block; nothing when a key is gone, which no change can say. */
function changesOf(opened: Context, now: Context): Record<string, unknown> | undefined {
  if (!Object.keys(opened).every((key) => Object.hasOwn(now, key))) return undefined
  const changed = Object.entries(now).filter(
    ([key, value]) => !Object.is(value, opened[key]) || !Object.hasOwn(opened, key),
  )
  return Object.fromEntries(changed)
}
