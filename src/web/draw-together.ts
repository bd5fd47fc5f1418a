import type { Fragment } from '../fragments/fragment.ts'
import { together } from '../htmx/together.ts'
import type { TemplateEngine } from '../templates/engine.ts'

/**
 * Several fragments as one answer: the first goes where the request says, the others to their own places, which is their
 * target, or the element with the id of their root, or the one that is named after their block.
 */
export async function drawTogether(
  fragments: readonly Fragment[],
  engine: TemplateEngine,
): Promise<string> {
  const rendered = await Promise.all(
    fragments.map(async (fragment) => {
      const html = await renderBlock(fragment, engine)
      return { fragment, html, target: `#${fragment.block}` }
    }),
  )
  return together(rendered)
}

/** One block, once. */
export async function renderBlock(
  { template, block, context }: Fragment,
  engine: TemplateEngine,
): Promise<string> {
  return (await engine.open(template, block, context)).render()
}
