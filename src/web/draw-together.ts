import { Fragment } from '../fragments/fragment.ts'
import { given } from '../base/given.ts'
import { Addresser } from '../htmx/addresser.ts'
import { rootOf } from '../htmx/root.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { Renders } from './renders.ts'

/**
 * Several fragments as one answer: the first goes where the request says, the others to their own places, which is their
 * target, or the element with the id of their root, or the one that is named after their block.
 */
export async function drawTogether(
  fragments: readonly Fragment[],
  engine: TemplateEngine,
): Promise<string> {
  const renders = new Renders(engine)
  const addresser = new Addresser()
  let html = ''
  for (const [at, fragment] of fragments.entries()) {
    const drawn = await renders.render(fragment)
    const { template, block, context, swap } = fragment
    const named = at > 0 && rootOf(drawn)?.id === undefined ? `#${block}` : undefined
    const target = fragment.target ?? named
    const whole = new Fragment(template, block, context, given({ target, swap, final: true }))
    html += addresser.address(whole, drawn)
  }
  return html
}
