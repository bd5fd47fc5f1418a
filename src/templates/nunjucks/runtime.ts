import { Failure } from './failure.ts'
import { escapeHtml } from '../../base/escape-html.ts'
import { Exports, RuntimeFrame } from './frame.ts'
import { nunjucksRuntime, type Runtime, SafeString } from './internals.ts'

/**
 * The brand of keyword arguments. nunjucks marks them with an ordinary property, which any JSON object can have;
 * a symbol cannot come out of JSON.
 */
const KEYWORDS = Symbol('keyword arguments')
type Keywords = Record<string, unknown>

function keywordsOf(values: unknown[]): Keywords | undefined {
  const last = values[values.length - 1]
  return typeof last === 'object' && last !== null && KEYWORDS in last
    ? (last as Keywords)
    : undefined
}

const macros = new WeakSet<object>()

function makeMacro(
  names: string[],
  keywordNames: string[],
  body: (...values: unknown[]) => unknown,
): unknown {
  const count = names.length
  const macro = (...given: unknown[]): unknown => {
    const passed = keywordsOf(given)
    const positional = passed ? given.length - 1 : given.length
    const keywords: Keywords = passed ?? {}
    const values: unknown[] = []
    for (let at = 0; at < count; at++) {
      if (at < positional) values.push(given[at])
      else {
        const name = names[at]!
        values.push(keywords[name])
        delete keywords[name]
      }
    }
    // Positional values beyond the named ones fill the defaults, in their order.
    for (let at = count; at < positional; at++) {
      const name = keywordNames[at - count]
      if (name !== undefined) keywords[name] = given[at]
    }
    values.push(keywords)
    return body(...values)
  }
  macros.add(macro)
  return macro
}

/** Whether using a value changes nothing in it: texts, numbers, macros, and what an import of such gives. */
export function isSteady(value: unknown): boolean {
  if (typeof value === 'function') return macros.has(value)
  if (typeof value !== 'object' || value === null || value instanceof SafeString) return true
  return value instanceof Exports && Object.values(value).every(isSteady)
}

function memberLookup(object: unknown, key: unknown): unknown {
  if (object === undefined || object === null) return undefined
  // A key that came with the data must not reach the language's own machinery.
  if ((key === 'constructor' || key === '__proto__') && !Object.hasOwn(object, key))
    return undefined
  const member = (object as Record<string, unknown>)[key as string]
  if (typeof member !== 'function' || macros.has(member)) return member
  return (...values: unknown[]): unknown => Reflect.apply(member, object, values)
}

/**
 * The helpers that every template of ours runs with, in place of nunjucks' own: same text, but errors know their place
 * (nunjucks counts lines from 0 there), keyword arguments cannot be forged, and escaping is cheaper.
 */
export const runtime: Runtime = {
  ...nunjucksRuntime,
  Frame: RuntimeFrame,
  suppressValue(value, autoescape) {
    if (typeof value === 'string') return autoescape ? escapeHtml(value) : value
    if (value === undefined || value === null) return ''
    if (!autoescape || value instanceof SafeString) return value
    return escapeHtml((value as object).toString())
  },
  handleError: (error, line, column) => Failure.of(error, line, column),
  memberLookup,
  makeMacro,
  makeKeywordArgs: (values) => Object.assign(values, { __keywords: true, [KEYWORDS]: true }),
}
