import type { Log } from '../base/log.ts'
import type { Fragment } from '../fragments/fragment.ts'
import type { Context, TemplateEngine } from '../templates/engine.ts'
import type { Crowd } from '../streams/source.ts'
import { Renders } from './renders.ts'

/** What was drawn of one state of one block. */
interface Drawn {
  html?: string | Promise<string>
}

const kept = new WeakMap<TemplateEngine, WeakMap<Crowd, SharedRenders>>()

/**
 * Draws for all viewers of a run: who wants a state that another one was drawn before gets the same HTML.
 *
 * Cost    one render for each state that anybody is shown, however many look on.
 */
export class SharedRenders extends Renders {
  readonly #drawn = new WeakMap<Context, Map<string, Drawn>>()

  /** The one for these viewers. */
  static of(crowd: Crowd, engine: TemplateEngine, log?: Log): SharedRenders {
    let crowds = kept.get(engine)
    if (crowds === undefined) kept.set(engine, (crowds = new WeakMap()))
    let renders = crowds.get(crowd)
    if (renders === undefined) crowds.set(crowd, (renders = new SharedRenders(engine, log)))
    return renders
  }

  override render(fragment: Fragment): string | Promise<string> {
    const drawn = this.#of(fragment)
    if (drawn.html !== undefined) return drawn.html
    const html = super.render(fragment)
    drawn.html = html
    if (typeof html !== 'string') html.then((text) => (drawn.html = text)).catch(() => {})
    return html
  }

  /** Others may want it just now. */
  override rest(): boolean {
    return false
  }

  #of({ template, block, context }: Fragment): Drawn {
    let blocks = this.#drawn.get(context)
    if (blocks === undefined) this.#drawn.set(context, (blocks = new Map()))
    const key = `${template}\0${block}`
    let drawn = blocks.get(key)
    if (drawn === undefined) blocks.set(key, (drawn = {}))
    return drawn
  }
}
