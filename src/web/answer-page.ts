import { Fragment } from '../fragments/fragment.ts'
import { htmxRequest, VARY, VARY_BY_TARGET } from '../htmx/request.ts'
import { htmxHeaders } from '../htmx/response.ts'
import type { Context, TemplateEngine } from '../templates/engine.ts'
import { drawTogether } from './draw-together.ts'
import type { Page } from './page.ts'

/** Draws a page, or to htmx the block it names. */
export async function answerPage(
  page: Page,
  request: Headers,
  engine: TemplateEngine,
): Promise<Response> {
  const { template, context, options, status } = page
  const { blocks = {}, alongside = [] } = options
  const { fragment, target = '' } = htmxRequest(request)
  const own = Object.hasOwn(blocks, target) ? blocks[target] : undefined
  const block = fragment ? (own ?? options.block) : undefined
  const html =
    block === undefined
      ? await engine.render(template, withAll(template, context, alongside))
      : await drawTogether([new Fragment(template, block, context), ...alongside], engine)
  return new Response(html, {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      Vary: options.blocks ? VARY_BY_TARGET : VARY,
      ...(block !== undefined && options.target !== undefined
        ? htmxHeaders({ retarget: options.target, reswap: 'outerHTML' })
        : {}),
    },
  })
}

/** The page shows what its other fragments would, where they are blocks of it. */
function withAll(template: string, context: Context, also: readonly Fragment[]): Context {
  const own = also.filter((fragment) => fragment.template === template)
  return Object.assign({}, ...own.map((fragment) => fragment.context), context)
}
