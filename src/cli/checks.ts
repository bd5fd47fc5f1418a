import { didYouMean, TemplateError } from '../shared/errors.ts'
import { closestMatch } from '../shared/closest-match.ts'
import { tryOr } from '../shared/hooks.ts'
import { HOLE, SEAM } from '../html/tags.ts'
import { answersOf, type AppRoute, routesFor } from '../web/app-routes.ts'
import type { CodeFacts } from './code-facts.ts'
import { namesIn } from './code-tokens.ts'
import type { Findings } from './findings.ts'
import { addError, type ReadTemplate, type Templates, withParts } from './read-templates.ts'

/** Notes attributes that do nothing under the content security policy, and streams that are opened again for ever. */
export function checkScripts(
  { own }: Templates,
  policies: readonly (string | false)[],
  found: Findings,
): void {
  const isForbidden = policies.every((csp) => csp !== false && !csp.includes("'unsafe-eval'"))
  for (const { uses, placeOf } of own) {
    const notes = [...uses.connections, ...(isForbidden ? uses.scripts : [])]
    for (const { at, message, hint } of notes) found.note(placeOf(at), message, hint)
  }
}

/** Checks that all that templates name is there: other templates, blocks, filters, tests. */
export async function checkNames(
  templates: Templates,
  knowsFilters: boolean,
  found: Findings,
): Promise<void> {
  const { byName, names, engine, own } = templates
  for (const { facts, uses, file, placeOf } of own) {
    for (const part of facts.parts)
      if (!part.optional && !names.includes(part.name))
        found.fault({ ...part, file }, notFound(part.name, names))
    for (const part of facts.imported) {
      const known = byName.get(part.from)?.facts.exported
      if (!known || known.has(part.name)) continue
      const meant = didYouMean(part.name, known)
      found.fault({ ...part, file }, `"${part.from}" has no "${part.name}" to import ${meant}.`)
    }
    for (const each of knowsFilters ? facts.unknown : [])
      found.fault({ ...each, file }, each.message, each.hint)
    for (const { at, message, hint } of uses.wrong) found.fault(placeOf(at), message, hint)
    for (const part of facts.rendered) {
      const wrong = await wrongBlock(templates, part.name, part.block)
      if (wrong !== undefined) found.fault({ ...part, file }, wrong)
    }
    await engine.blocks(facts.name).catch((error: unknown) => {
      // Other faults of a parent are reported at their own place.
      if (error instanceof TemplateError && error.code === 'template/circular')
        addError(error, byName.get(error.place.template)?.file ?? file, found)
    })
  }
}

/** Checks that the templates, blocks and elements that the code names are there. */
export async function checkCode(
  all: readonly Templates[],
  { drawn, targets }: CodeFacts,
  found: Findings,
): Promise<void> {
  for (const { template, block, ...at } of drawn) {
    const owners = all.filter(({ names }) => names.includes(template))
    if (owners.length === 0)
      found.fault(at, notFound(template, new Set(all.flatMap(({ byName }) => [...byName.keys()]))))
    else if (block !== undefined) {
      const wrong = await Promise.all(owners.map((owner) => wrongBlock(owner, template, block)))
      if (wrong[0] !== undefined && !wrong.includes(undefined)) found.fault(at, wrong[0])
    }
  }
  // Of what is shipped, only what a template of the app draws.
  const templates = all.flatMap((each) =>
    each.own.flatMap(({ facts }) => withParts(facts.name, each)),
  )
  for (const { id, ...at } of targets) {
    if (templates.some((each) => hasId(each, id, true))) continue
    const meant = closestMatch(id, templates.flatMap(idsOf))
    const hint = meant && `Did you mean "#${meant}"?`
    found.fault(at, `no template has an element with the id "${id}".`, hint)
  }
}

function notFound(template: string, names: Iterable<string>): string {
  return `template "${template}" not found ${didYouMean(template, names)}.`
}

/** The fault of a block of a template; nothing when it is there, or cannot be known. */
async function wrongBlock(
  templates: Templates,
  template: string,
  block: string,
): Promise<string | undefined> {
  const { engine, names } = templates
  if (!names.includes(template)) return notFound(template, names)
  if (withParts(template, templates).some(({ facts }) => facts.hasUnknownParent)) return undefined
  // A template that is broken itself is a fault at its own place.
  const blocks = await engine.blocks(template).catch(() => undefined)
  if (!blocks || blocks.includes(block)) return undefined
  return `block "${block}" not found in template "${template}" ${didYouMean(block, blocks)}.`
}

/**
 * Checks the elements that the markup means by their ids: they stand in the template, in a page that it is part of, or
 * in another template, from which a fragment may bring them.
 */
export function checkIds(templates: Templates, found: Findings): void {
  const all = [...templates.byName.values()]
  const pages = all.map(({ facts }) => withParts(facts.name, templates))
  for (const template of templates.own) {
    const page = [...new Set(pages.filter((parts) => parts.includes(template)).flat())]
    for (const { id, attribute, at } of template.uses.references) {
      if (page.some((each) => hasId(each, id, true))) continue
      const place = template.placeOf(at)
      const other = all.find((each) => hasId(each, id, false))?.facts.name
      if (other === undefined) {
        const known = didYouMean(id, page.flatMap(idsOf))
        found.fault(place, `${attribute} means #${id}, and no element has that id ${known}.`)
      } else if (!page.some((each) => each.facts.hasUnknownParts)) {
        const message = `${attribute} means #${id}, which stands in ${other} only: right where a fragment brings it.`
        found.note(place, message)
      }
    }
  }
}

const UNKNOWN = new RegExp(`[${HOLE}${SEAM}]`)

function idsOf({ uses }: ReadTemplate): readonly string[] {
  return uses.ids.filter((id) => !UNKNOWN.test(id))
}

/**
 * Tells if an element of a template has an id, or may have it.
 *
 * In      `anything`: an id of which nothing is written down counts as every id.
 */
function hasId({ uses }: ReadTemplate, id: string, anything: boolean): boolean {
  return uses.ids.some((each) => {
    if (!UNKNOWN.test(each)) return each === id
    const parts = each.split(UNKNOWN)
    const first = parts[0]!
    // Between seams stand branches of which one is drawn, so there only the beginning is sure.
    const last = each.includes(SEAM) ? '' : parts.at(-1)!
    return (anything || first + last !== '') && id.startsWith(first) && id.endsWith(last)
  })
}

/**
 * Checks that a route answers each request of the markup, by its method.
 *
 * Notes elements whose streamed answer cannot come in parts, with htmx 4: only for routes of which the code says that
 * they stream fragments. A run goes on by itself when its form is gone.
 */
export function checkRequests(
  { own, byName }: Templates,
  routes: readonly AppRoute[],
  externalPrefixes: readonly string[],
  found: Findings,
): void {
  const answers = answersOf(routes, HOLE)
  const routesAt = routesFor(routes, HOLE)
  const isInherited = [...byName.values()].some(({ uses }) => uses.inheritsTarget)
  for (const { uses, placeOf } of own) {
    for (const { attribute, method, url, at } of uses.requests) {
      const path = pathOf(url)
      if (path === undefined || externalPrefixes.some((start) => path.startsWith(start))) continue
      const answer = answers(method, path)
      if (answer === 'yes' || answer === 'maybe') continue
      const asked = path.replaceAll(HOLE, '…')
      const methods = answer.join(', ')
      const paths = routes.filter((route) => route.method === method).map((route) => route.path)
      const meant = closestMatch(path, paths)
      const [message, hint] =
        methods === ''
          ? [`no route answers to ${method} ${asked}.`, meant && `Did you mean "${meant}"?`]
          : [`${attribute} asks by ${method}, and ${asked} answers to ${methods} only.`]
      found.fault(placeOf(at), message, hint)
    }
    for (const { method, url, hasTarget, isReplaced, at, message, hint } of uses.answers) {
      const path = pathOf(url)
      if (path === undefined || (!hasTarget && isInherited)) continue
      const handlers = routesAt(method, path).filter(({ isMiddleware }) => !isMiddleware)
      const [streams, ...others] = new Set(handlers.map(streamOf))
      if (streams === undefined || streams === 'none' || others.length > 0) continue
      if (!isReplaced || streams === 'stream') found.note(placeOf(at), message, hint)
    }
  }
}

/** The probable stream of a route: of fragments, of fragments of a run, or of something else. */
function streamOf({ declared, handler }: AppRoute): 'stream' | 'run' | 'none' {
  if (declared) return declared.definition.encoding === 'fragments' ? 'stream' : 'none'
  const names = namesIn(handler)
  if (!names.has('EventStream') || names.has('encoding')) return 'none'
  // A run is started, found, or at hand.
  return ['start', 'current', 'run', 'runs'].some((name) => names.has(name)) ? 'run' : 'stream'
}

/** The path of an address, with its holes; nothing when it leads elsewhere or is not known from its beginning. */
function pathOf(url: string): string | undefined {
  const path = url.split(/[?#]/)[0]!.replaceAll(SEAM, HOLE)
  return /^\/(?!\/)/.test(path) ? tryOr(() => decodeURI(path), path) : undefined
}

/** The events of the encodings; `message` is what a browser calls an event without a name. */
const STANDARD_EVENTS = ['message', 'done', 'error', 'start', 'chunk', 'complete', 'cancel']

/** Checks that a stream sends what the markup waits for, and notes what the code sends in vain. */
export function checkEvents(all: readonly Templates[], code: CodeFacts, found: Findings): void {
  const sent = new Set([...STANDARD_EVENTS, ...code.events.map(({ event }) => event)])
  for (const { uses, placeOf } of all.flatMap(({ own }) => own)) {
    for (const { event, attribute, at } of uses.events) {
      if (sent.has(event) || code.hasUnknownEvents) continue
      const message = `${attribute} waits for the event "${event}", which no stream sends ${didYouMean(event, sent)}.`
      found.fault(placeOf(at), message)
    }
  }
  const used = all.flatMap(({ byName }) => [...byName.values()].flatMap(({ uses }) => uses.events))
  for (const { event, ...at } of code.events) {
    if (STANDARD_EVENTS.includes(event) || used.some((each) => each.event === event)) continue
    found.note(at, `no template waits for the event "${event}": right where a script does.`)
  }
}
