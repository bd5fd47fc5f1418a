import { escapeHtml } from '../../shared/escape-html.ts'
import { type BlockContext, isSteady, markSteady } from './context.ts'
import { Failure } from './errors.ts'
import {
  type Callback,
  type Frame,
  nunjucksRuntime,
  type Runtime,
  SafeString,
} from './internals.ts'

type Call = (...values: any[]) => unknown

/** A value that could not be made on the way to a block. Most blocks do not need it; one that does throws. */
export class Lost {
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

  /** A template that is missing for an include on the way, or for an import. */
  render(_variables: unknown, _scope: unknown, done: Callback): void {
    done(null, '')
  }

  getExported(...values: unknown[]): void {
    ;(values.at(-1) as Callback)(this.cause)
  }
}

/**
 * The brand of keyword arguments. nunjucks marks them with an ordinary property, which any JSON object can have;
 * a symbol cannot come out of JSON.
 */
const KEYWORDS = Symbol('keyword arguments')

/** Marks an object as the keyword arguments of a call. */
export function makeKeywordArgs(values: object): object {
  return Object.assign(values, { __keywords: true, [KEYWORDS]: true })
}

function makeMacro(names: string[], keywordNames: string[], body: Call): Call {
  const count = names.length
  return markSteady((...values: unknown[]): unknown => {
    const last = values.at(-1)
    const isPassed = typeof last === 'object' && last !== null && KEYWORDS in last
    const keywords = (isPassed ? values.pop() : {}) as Record<string, unknown>
    const named = values.slice(0, count)
    for (const name of names.slice(named.length)) {
      named.push(keywords[name])
      delete keywords[name]
    }
    // Positional values beyond the named ones fill the defaults, in their order.
    for (const [n, name] of keywordNames.entries())
      if (count + n < values.length) keywords[name] = values[count + n]
    return body(...named, keywords)
  })
}

/** How many calls so far may have changed an object that a page made: a list, a counter. */
export const changing: { calls: number } = { calls: 0 }

function memberLookup(object: any, key: any): unknown {
  if (object === undefined || object === null) return undefined
  // A key that came with the data must not reach the language's own machinery.
  if ((key === 'constructor' || key === '__proto__') && !Object.hasOwn(object, key))
    return undefined
  const member = object[key]
  if (typeof member !== 'function' || isSteady(member)) return member
  const isObject = typeof object === 'object' || typeof object === 'function'
  return isObject ? member.bind(object) : markSteady(member.bind(object))
}

function callWrap(callee: unknown, name: string, context: BlockContext, values: unknown[]) {
  if (!isSteady(callee) && context.env.globals[name] !== callee) changing.calls += 1
  return (nunjucksRuntime['callWrap'] as Call)(callee, name, context, values)
}

function contextOrFrameLookup(context: BlockContext, frame: Frame, name: string): unknown {
  context.reads?.add(name)
  let value = frame.lookup(name)
  if (value === undefined) value = context.lookup(name)
  if (value instanceof Lost) throw value.cause
  return value
}

/** The blocks in a condition or a loop, and the names that a loop binds. */
export interface Around {
  readonly inside: readonly string[]
  readonly otherwise: readonly string[]
  readonly names?: string | readonly string[]
  readonly line: number
  readonly column: number
}

/** Where compiled code is. */
export type Where = readonly [line: number, column: number, template: string, frame: Frame]

function lost(error: unknown, line: number, column: number, template: string): Lost {
  return new Lost(Failure.within(Failure.at(error, line, column), template))
}

/** Makes a value that a page needs on its way to a block. A condition or a list that fails is nothing. */
function attempt(
  context: BlockContext & { force?(around: Around, where: Where): unknown },
  make: () => unknown,
  where: () => Where,
  around?: Around,
): unknown {
  if (!context.isPassing) return make()
  const forced = around && context.force?.(around, where())
  if (forced !== undefined) return forced
  try {
    const value = make()
    return around && value instanceof Lost ? undefined : value
  } catch (error) {
    const [line, column, template] = where()
    return around ? undefined : lost(error, line, column, template)
  }
}

/**
 * The functions that every template runs with, in place of nunjucks' own: same text, but errors know their place
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
  makeKeywordArgs,
}

/** The same for templates compiled elsewhere, which make no attempts: on the way, a call of nothing is nothing. */
export const lenientRuntime: Runtime = {
  ...runtime,
  callWrap: (callee: unknown, name: string, context: BlockContext, values: unknown[]) =>
    context.isPassing && typeof callee !== 'function'
      ? undefined
      : callWrap(callee, name, context, values),
}
