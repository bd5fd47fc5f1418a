import { given } from '../shared/given.ts'
import { htmxRequest, VARY } from '../htmx/request.ts'
import { htmxHeaders, wayTo } from '../htmx/response.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { drawTogether } from './draw-together.ts'
import type { FormResult } from './form-result.ts'

/** Draws what changed, or leads to the next page. */
export async function answerFormResult(
  { next, options }: FormResult,
  request: Headers,
  engine: TemplateEngine,
): Promise<Response> {
  const { fragments = [], trigger } = options
  const { fragment: htmx } = htmxRequest(request)
  if (!htmx || fragments.length === 0) {
    const { status, headers } = wayTo(next, htmx)
    return new Response(null, { status, headers: { ...headers, Vary: VARY } })
  }
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    Vary: VARY,
    ...htmxHeaders(given({ trigger })),
  }
  return new Response(await drawTogether(fragments, engine), { headers })
}
