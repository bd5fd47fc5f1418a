import { nearest } from '../shared/nearest.ts'
import { HOLE, SEAM } from '../html/tags.ts'
import { answersOf, type AppRoute } from '../web/app-routes.ts'
import type { Finding } from './finding.ts'
import type { Templates } from './templates-read.ts'

/** Whether a route of the app answers to each address that the markup asks, by the method that it asks with. */
export function checkRequests(
  { byName }: Templates,
  routes: readonly AppRoute[],
  externalPrefixes: readonly string[],
): Finding[] {
  const answers = answersOf(routes, HOLE)
  const found: Finding[] = []
  for (const { facts, uses, file, isOwn } of byName.values()) {
    for (const { attribute, method, url, at } of isOwn ? uses.requests : []) {
      const path = pathOf(url)
      if (path === undefined || externalPrefixes.some((start) => path.startsWith(start))) continue
      const answer = answers(method, path)
      if (answer === 'yes' || answer === 'maybe') continue
      const asked = path.replaceAll(HOLE, '…')
      const message =
        answer.length > 0
          ? `${attribute} asks by ${method}, and ${asked} answers to ${answer.join(', ')} only.`
          : `no route answers to ${method} ${asked}.`
      const meant = answer.length > 0 ? undefined : nearest(path, pathsOf(routes, method))
      const hint = meant && `Did you mean "${meant}"?`
      found.push({ file, ...facts.placeOf(at), message, ...(hint && { hint }) })
    }
  }
  return found
}

/** The path that is asked for, with its holes; nothing when it leads externalPrefixes or is not known from its beginning. */
export function pathOf(url: string): string | undefined {
  const path = url.split(/[?#]/)[0]!.replaceAll(SEAM, HOLE)
  if (!/^\/(?!\/)/.test(path)) return undefined
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

function pathsOf(routes: readonly AppRoute[], method: string): string[] {
  return routes.filter((route) => route.method === method).map(({ path }) => path)
}
