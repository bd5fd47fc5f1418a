import type { Log } from '../base/log.ts'
import type { Fragment } from '../fragments/fragment.ts'
import type { GrowthPoint } from '../htmx/growth-point.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../templates/engine.ts'
import type { GrowingMarkdown } from '../markdown/growing-markdown.ts'

interface Opened {
  readonly context: Context
  readonly renderer: BlockRenderer
}

/** How the text of a block grows that was just drawn. */
export interface Growth {
  readonly point: GrowthPoint
  /** Follows the text from here, where it comes out as Markdown. */
  readonly markdown: GrowingMarkdown | undefined
}

/**
 * Draws the fragments of one stream. Each block is opened once; after that only what changed is given to it.
 *
 * Cost    opening is paid once a block; a render costs the block alone, and waits for nothing unless the block does.
 */
export class Renders {
  readonly #engine: TemplateEngine
  readonly #opened = new Map<string, Opened>()

  constructor(engine: TemplateEngine, _log?: Log) {
    this.#engine = engine
  }

  /** The block's HTML; a promise for the first of a block, and for blocks that are asynchronous themselves. */
  render({ template, block, context }: Fragment): string | Promise<string> {
    const key = `${template}\0${block}`
    const opened = this.#opened.get(key)
    const changes = opened && changesOf(opened.context, context)
    if (changes) return opened.renderer.render(changes)
    return this.#engine.open(template, block, context).then((renderer) => {
      this.#opened.set(key, { context, renderer })
      return renderer.render()
    })
  }

  /** Every block travels whole. */
  growth(_fragment: Fragment, _html: string): Growth | undefined {
    return undefined
  }

  /** Out: whether nothing is left that must be kept. */
  rest(_fragment: Fragment): boolean {
    return this.#opened.size === 0
  }
}

/** What differs from the context a block was opened with; nothing when a key is gone, which no change can say. */
function changesOf(opened: Context, now: Context): Record<string, unknown> | undefined {
  for (const key of Object.keys(opened)) if (!Object.hasOwn(now, key)) return undefined
  const changes: Record<string, unknown> = {}
  for (const key of Object.keys(now)) {
    if (!Object.is(now[key], opened[key]) || !Object.hasOwn(opened, key)) changes[key] = now[key]
  }
  return changes
}
