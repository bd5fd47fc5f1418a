import { escapeHtml } from '../base/escape-html.ts'
import type { Fragment } from '../fragments/fragment.ts'
import { growthPointOf, type GrowthPoint } from '../htmx/growth-point.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../render/engine.ts'

interface Opened {
  readonly context: Context
  readonly renderer: BlockRenderer
}

/**
 * Draws the fragments of one stream. Each block is opened once; after that only what changed is given to it.
 *
 * Cost    opening is paid once a block; a render costs the block alone, and waits for nothing unless the block does.
 */
export class Renders {
  readonly #engine: TemplateEngine
  readonly #opened = new Map<string, Opened>()

  constructor(engine: TemplateEngine) {
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

  /**
   * Where in the HTML of a fragment, just drawn, more of its growing text belongs. Nothing when the template does not
   * prove that adding text there is the same as drawing the block again.
   *
   * Cost    one more render.
   */
  growthPoint(
    { template, block, context, grows }: Fragment,
    html: string,
  ): GrowthPoint | undefined {
    const opened = this.#opened.get(`${template}\0${block}`)
    const text = grows && context[grows.key]
    if (opened === undefined || grows === undefined || typeof text !== 'string') return undefined
    const plan = opened.renderer.growth?.(grows.key)
    if (plan?.kind !== 'append' || plan.element === undefined) return undefined
    const empty = opened.renderer.render({ ...changesOf(opened.context, context), [grows.key]: '' })
    if (typeof empty !== 'string') return undefined
    return growthPointOf(html, empty, escapeHtml(text), plan.element.tag)
  }
}

/** What differs from the context a block was opened with; nothing when a key is gone, which no change can say. */
function changesOf(opened: Context, now: Context): Context | undefined {
  for (const key of Object.keys(opened)) if (!Object.hasOwn(now, key)) return undefined
  const changes: Record<string, unknown> = {}
  for (const key of Object.keys(now)) {
    if (!Object.is(now[key], opened[key]) || !Object.hasOwn(opened, key)) changes[key] = now[key]
  }
  return changes
}
