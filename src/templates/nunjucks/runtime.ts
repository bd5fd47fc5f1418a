import { escapeHtml } from '../../shared/escape-html.ts'
import { type BlockContext, isSteady, markSteady } from './block-context.ts'
import { Failure } from './failure.ts'
import { type Frame, nunjucksRuntime, type Runtime, SafeString } from './internals.ts'

type Call = (...values: unknown[]) => unknown

/** Stands for a value that could not be made on the way to a block. Most blocks do not need it; one that does throws. */
class Lost {
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
    // `{% from … import a, b %}` takes its names from here, too: each of them is lost.
    return new Proxy(this, {
      get: (self, key) => (key in self ? self[key as keyof Lost] : self),
      getOwnPropertyDescriptor: (value) => ({ value, enumerable: true, configurable: true }),
    })
  }

  toString(): never {
    throw this.cause
  }
}

/**
 * The brand of keyword arguments. nunjucks marks them with an ordinary property, which any JSON object can have;
 * a symbol cannot come out of JSON.
 */
const KEYWORDS = Symbol('keyword arguments')

function makeMacro(names: string[], keywordNames: string[], body: Call): Call {
  const count = names.length
  return markSteady((...given: unknown[]): unknown => {
    const last = given[given.length - 1]
    const isPassed = typeof last === 'object' && last !== null && KEYWORDS in last
    const keywords = (isPassed ? given.pop() : {}) as Record<string, unknown>
    const values = given.slice(0, count)
    for (let at = values.length; at < count; at++) {
      const name = names[at]!
      values.push(keywords[name])
      delete keywords[name]
    }
    // Positional values beyond the named ones fill the defaults, in their order.
    for (let at = count; at < given.length; at++) {
      const name = keywordNames[at - count]
      if (name !== undefined) keywords[name] = given[at]
    }
    values.push(keywords)
    return body(...values)
  })
}

/** How many calls so far may have changed what a page made: a list, a counter. */
export const changing: { calls: number } = { calls: 0 }

function memberLookup(object: unknown, key: unknown): unknown {
  if (object === undefined || object === null) return undefined
  // A key that came with the data must not reach the language's own machinery.
  if ((key === 'constructor' || key === '__proto__') && !Object.hasOwn(object, key))
    return undefined
  const member = (object as Record<string, unknown>)[key as string]
  if (typeof member !== 'function' || isSteady(member)) return member
  return (...values: unknown[]): unknown => {
    if (typeof object === 'object' || typeof object === 'function') changing.calls += 1
    return Reflect.apply(member, object, values)
  }
}

function callWrap(callee: unknown, name: string, context: BlockContext, values: unknown[]) {
  const isMember = name.endsWith('"]')
  if (!isSteady(callee) && !isMember && context.env.globals[name] !== callee) changing.calls += 1
  return callOriginal(callee, name, context, values)
}
const callOriginal = nunjucksRuntime['callWrap'] as typeof callWrap

function contextOrFrameLookup(context: BlockContext, frame: Frame, name: string): unknown {
  context.reads?.add(name)
  let value = frame.lookup(name)
  if (value === undefined) value = context.lookup(name)
  if (value instanceof Lost) throw value.cause
  return value
}

function lost(error: unknown, line: number, column: number, template: string): Lost {
  return new Lost(Failure.within(Failure.at(error, line, column), template))
}

/** Makes a value that a page needs on its way to a block; a condition that cannot be told does not hold. */
function attempt(
  context: BlockContext,
  make: () => unknown,
  where: () => [line: number, column: number, template: string],
  kind: 'value' | 'condition' | 'list',
): unknown {
  if (!context.isPassing) return make()
  let value: unknown
  try {
    value = make()
  } catch (error) {
    value = lost(error, ...where())
  }
  if (kind === 'value') return value
  if (value instanceof Lost) value = undefined
  return value ?? (kind === 'list' ? [] : undefined)
}

/**
 * The helpers that every template of ours runs with, in place of nunjucks' own: same text, but errors know their place
 * (nunjucks counts lines from 0 there), keyword arguments cannot be forged, and escaping is cheaper.
 */
export const runtime: Runtime = {
  ...nunjucksRuntime,
  suppressValue(value: unknown, autoescape: boolean): unknown {
    if (typeof value === 'string') return autoescape ? escapeHtml(value) : value
    if (value === undefined || value === null) return ''
    if (!autoescape || value instanceof SafeString) return value
    return escapeHtml((value as object).toString())
  },
  handleError: Failure.at,
  lost,
  attempt,
  memberLookup,
  callWrap,
  contextOrFrameLookup,
  makeMacro,
  makeKeywordArgs: (values: object) =>
    Object.assign(values, { __keywords: true, [KEYWORDS]: true }),
}

/** The same for templates compiled elsewhere, which make no attempts: on the way, a call of nothing is nothing. */
export const lenientRuntime: Runtime = {
  ...runtime,
  callWrap: (callee: unknown, name: string, context: BlockContext, values: unknown[]) =>
    context.isPassing && typeof callee !== 'function'
      ? undefined
      : callWrap(callee, name, context, values),
}
