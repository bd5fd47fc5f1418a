import { placeHeaders, requestFacts, VARY } from '../htmx/request.ts'
import type { TemplateEngine } from '../render/engine.ts'
import type { Page } from './page.ts'

/** Draws a page, or to htmx the block it names. */
export async function answerPage(
  page: Page,
  request: Headers,
  engine: TemplateEngine,
): Promise<Response> {
  const { template, context, options, status } = page
  const block = requestFacts(request).fragment ? options.block : undefined
  const html =
    block === undefined
      ? await engine.render(template, context)
      : await (await engine.open(template, block, context)).render()
  return new Response(html, {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      Vary: VARY,
      ...(block !== undefined && options.target !== undefined ? placeHeaders(options.target) : {}),
    },
  })
}
