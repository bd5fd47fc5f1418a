import { HOLE } from '../html/tags.ts'
import { type AppRoute, routesFor } from '../web/app-routes.ts'
import { pathOf } from './check-requests.ts'
import { codeTokens } from './code-tokens.ts'
import type { Finding } from './finding.ts'
import type { Templates } from './templates-read.ts'

/**
 * Looks for elements whose streamed answer cannot come piece by piece, with htmx 4.
 *
 * Out     only for routes of which the code says that they stream fragments; a run goes on by itself when its form is gone.
 */
export function checkAnswers({ byName }: Templates, routes: readonly AppRoute[]): Finding[] {
  const at = routesFor(routes, HOLE)
  const all = [...byName.values()]
  const isHandedOn = all.some(({ uses }) => uses.handsTargetOn)
  const found: Finding[] = []
  for (const { facts, uses, file, isOwn } of all) {
    for (const place of isOwn ? uses.answers : []) {
      const path = pathOf(place.url)
      if (path === undefined || (!place.hasTarget && isHandedOn)) continue
      const handlers = at(place.method, path).filter(({ isMiddleware }) => !isMiddleware)
      const streams = new Set(handlers.map(streamOf))
      if (streams.size !== 1 || streams.has('none')) continue
      if (place.isReplaced && streams.has('run')) continue
      const { at: character, message, hint } = place
      found.push({ file, ...facts.placeOf(character), message, hint })
    }
  }
  return found
}

/** What a route seems to stream: fragments, fragments of a run, or something else. */
function streamOf({ declared, handler }: AppRoute): 'stream' | 'run' | 'none' {
  if (declared) return declared.definition.encoding === 'fragments' ? 'stream' : 'none'
  const names = new Set(codeTokens(String(handler)).map(({ value }) => value))
  if (!names.has('EventStream') || names.has('encoding')) return 'none'
  // A run is started, found, or at hand.
  return ['start', 'current', 'run', 'runs'].some((name) => names.has(name)) ? 'run' : 'stream'
}
