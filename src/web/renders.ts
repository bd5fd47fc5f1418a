import { escapeHtml } from '../base/escape-html.ts'
import { silent, type Log } from '../base/log.ts'
import type { Fragment } from '../fragments/fragment.ts'
import { growthPointOf, type GrowthPoint } from '../htmx/growth-point.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../templates/engine.ts'
import type { GrowthPlan } from '../templates/growth.ts'

interface Opened {
  readonly context: Context
  readonly renderer: BlockRenderer
}

/** How the text of a block grows that was just drawn. */
export interface Growth {
  readonly point: GrowthPoint
}

/**
 * Draws the fragments of one stream. Each block is opened once; after that only what changed is given to it.
 *
 * Cost    opening is paid once a block; a render costs the block alone, and waits for nothing unless the block does.
 */
export class Renders {
  readonly #engine: TemplateEngine
  readonly #log: Log
  readonly #opened = new Map<string, Opened>()

  constructor(engine: TemplateEngine, log: Log = silent) {
    this.#engine = engine
    this.#log = log
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
  growth({ template, block, context, grows }: Fragment, html: string): Growth | undefined {
    const opened = this.#opened.get(`${template}\0${block}`)
    const text = grows && context[grows.key]
    if (opened === undefined || grows === undefined || typeof text !== 'string') return undefined
    const { renderer } = opened
    const plan = renderer.growth?.(grows.key)
    if (plan === undefined || plan.kind === 'settle') return undefined
    if (plan.kind === 'full' || plan.element === undefined) {
      this.#tell(template, block, plan)
      return undefined
    }
    const emptied = changesOf(opened.context, context) ?? {}
    emptied[grows.key] = ''
    const empty = renderer.render(emptied)
    if (typeof empty !== 'string') return undefined

    const { tag } = plan.element
    const point = growthPointOf(html, empty, escapeHtml(text), tag)
    return point && { point }
  }

  /**
   * Lets go of a block that travels as added text from here on, if it can be opened again.
   *
   * Out     whether nothing is left that must be kept.
   */
  rest({ template, block }: Fragment): boolean {
    const key = `${template}\0${block}`
    if (this.#opened.get(key)?.renderer.bare) this.#opened.delete(key)
    return this.#opened.size === 0
  }

  /** Why a growing block costs its whole size each time: its author can mostly change that. */
  #tell(template: string, block: string, plan: GrowthPlan): void {
    if (told.has(plan)) return
    told.add(plan)
    const reason = plan.kind === 'full' ? plan.reason : 'something follows the text in its element'
    this.#log.info(
      { template, block, line: plan.line, reason },
      'a growing block is sent whole each time',
    )
  }
}

/** What was told already: once for each block is enough. */
const told = new WeakSet<GrowthPlan>()

/** What differs from the context a block was opened with; nothing when a key is gone, which no change can say. */
function changesOf(opened: Context, now: Context): Record<string, unknown> | undefined {
  for (const key of Object.keys(opened)) if (!Object.hasOwn(now, key)) return undefined
  const changes: Record<string, unknown> = {}
  for (const key of Object.keys(now)) {
    if (!Object.is(now[key], opened[key]) || !Object.hasOwn(opened, key)) changes[key] = now[key]
  }
  return changes
}
