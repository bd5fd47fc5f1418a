import { escapeHtml } from '../../base/escape-html.ts'
import { type BlockContext, Exports } from './block-context.ts'
import { Failure, Lost } from './failure.ts'
import { type Frame, nunjucksRuntime, type Runtime, SafeString } from './internals.ts'

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

/** How many calls so far may have changed what a page made: a list, a counter. */
export const changing = { calls: 0 }

function memberLookup(object: unknown, key: unknown): unknown {
  if (object === undefined || object === null) return undefined
  if (object instanceof Lost) throw object
  // A key that came with the data must not reach the language's own machinery.
  if ((key === 'constructor' || key === '__proto__') && !Object.hasOwn(object, key))
    return undefined
  const member = (object as Record<string, unknown>)[key as string]
  if (typeof member !== 'function' || macros.has(member)) return member
  return (...values: unknown[]): unknown => {
    if (typeof object === 'object' || typeof object === 'function') changing.calls += 1
    return Reflect.apply(member, object, values)
  }
}

function callWrap(
  callee: unknown,
  name: string,
  context: BlockContext,
  values: unknown[],
): unknown {
  if (callee instanceof Lost) throw callee
  if (context.isForgiving && typeof callee !== 'function') return undefined
  if (typeof callee === 'function' && !macros.has(callee)) {
    const isMember = name.endsWith('"]')
    if (!isMember && context.env.globals[name] !== callee) changing.calls += 1
  }
  return callOriginal(callee, name, context, values)
}
const callOriginal = nunjucksRuntime['callWrap'] as typeof callWrap

function contextOrFrameLookup(context: BlockContext, frame: Frame, name: string): unknown {
  context.reads?.add(name)
  let value = frame.lookup(name)
  if (value === undefined) value = context.lookup(name)
  if (value instanceof Lost) throw value
  return value
}

/**
 * The helpers that every template of ours runs with, in place of nunjucks' own: same text, but errors know their place
 * (nunjucks counts lines from 0 there), keyword arguments cannot be forged, and escaping is cheaper.
 */
export const runtime: Runtime = {
  ...nunjucksRuntime,
  suppressValue(value, autoescape) {
    if (typeof value === 'string') return autoescape ? escapeHtml(value) : value
    if (value === undefined || value === null) return ''
    if (!autoescape || value instanceof SafeString) return value
    return escapeHtml((value as object).toString())
  },
  handleError: (error, line, column) => Failure.of(error, line, column),
  memberLookup,
  callWrap,
  contextOrFrameLookup,
  attempt: (context: BlockContext, make: () => unknown, names: string[], isValue: boolean) =>
    context.isPassing ? context.attempt(make, names, isValue) : make(),
  makeMacro,
  makeKeywordArgs: (values) => Object.assign(values, { __keywords: true, [KEYWORDS]: true }),
}
