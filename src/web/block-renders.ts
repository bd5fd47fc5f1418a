import type { Fragment } from '../fragments/fragment.ts'
import type { HtmlTree } from '../html/tree.ts'
import { blockTree } from '../htmx/block-tree.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../templates/engine.ts'

/** A block that was opened, and what it was opened with. */
interface Opened {
  readonly context: Context
  readonly renderer: BlockRenderer
}

/**
 * Renders the fragments of one stream, or of all subscribers of one run. Each block is opened once; after that it is
 * given what has changed.
 *
 * Cost    a fragment is rendered and read once, however many subscribers show it.
 */
export class BlockRenders {
  readonly #engine: TemplateEngine
  readonly #opened = new Map<string, Opened>()
  /** What was rendered last of each block: the next tree begins as that one does. */
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

  /** A block as the page will have it. */
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

/** What differs from the context a block was opened with; nothing when a key is gone, which no change can say. */
function changesOf(opened: Context, now: Context): Record<string, unknown> | undefined {
  for (const key of Object.keys(opened)) if (!Object.hasOwn(now, key)) return undefined
  const changed = Object.entries(now).filter(
    ([key, value]) => !Object.is(value, opened[key]) || !Object.hasOwn(opened, key),
  )
  return Object.fromEntries(changed)
}
