import { ANY, type BlockContext } from './context.ts'
import { templateError } from './errors.ts'
import {
  type AstNode,
  type Callback,
  child,
  childrenOf,
  type InnerEnvironment,
  nameOf,
} from './internals.ts'

/** Nodes that lose an asynchronous filter: all of one, or the part under a name. */
const LOSING: Readonly<Record<string, readonly [what: string, part?: string]>> = {
  Macro: ['a macro'],
  Caller: ['a {% call %}'],
  Capture: ['a {% filter %} block'],
  Switch: ['a {% switch %}'],
  Set: ['a {% set %} block', 'body'],
  CompareOperand: ['the right side of a comparison'],
  Extends: ['the name of a template'],
  Include: ['the name of a template'],
  Import: ['the name of a template'],
  FromImport: ['the name of a template'],
}

/**
 * Refuses asynchronous filters where nunjucks loses them: in the body of a `set`, in a switch, a macro or a `call`, in a
 * captured text and on the right of a comparison. There the process ends with an uncaught error, hangs, or prints nothing.
 *
 * In      the tree as it was written.
 * Throws  TemplateError `template/async-filter`.
 */
export function refuseLostFilters(root: AstNode, template: string, env: InnerEnvironment): void {
  const visit = (node: AstNode, lostIn: string | undefined): void => {
    const name = node.typename === 'Filter' ? nameOf(child(node, 'name')) : ''
    const isTag = node.typename === 'CallExtensionAsync'
    if (lostIn !== undefined && (isTag || env.asyncFilters.includes(name))) {
      const what = isTag ? `async tag "${String(node['extName'])}"` : `async filter "${name}"`
      const place = { template, line: node.lineno + 1, column: node.colno + 1 }
      const message = `${what} cannot be used inside ${lostIn}.`
      const hint = 'Apply it outside, or give the finished value in the context.'
      throw templateError('template/async-filter', place, message, { hint })
    }
    const [losing, part] = LOSING[node.typename] ?? []
    for (const each of childrenOf(node)) {
      const isLost = part === undefined || each === node[part]
      visit(each, lostIn ?? (isLost ? losing : undefined))
    }
  }
  visit(root, undefined)
}

type AnyFunction = (this: unknown, ...values: any[]) => unknown

/** An async filter as nunjucks calls it, with a callback, from one that may also give a promise. */
export function asyncFilter(filter: AnyFunction): AnyFunction {
  const givesPromise = filter.constructor.name === 'AsyncFunction'
  return function (this: unknown, ...values) {
    const done = guarded(this as BlockContext, values.pop() as Callback<unknown>)
    const result = Reflect.apply(filter, this, givesPromise ? values : [...values, done])
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function')
      (result as PromiseLike<unknown>).then(
        (value) => done(null, value),
        (error) => done(error ?? new Error('the filter failed without an error')),
      )
  }
}

/**
 * A callback that answers once, and ends the render with what is thrown after it: nunjucks lets that go into the filter's
 * own caller, where nothing catches it, and the process ends.
 */
function guarded(context: BlockContext, done: Callback<unknown>): Callback<unknown> {
  let isCalled = false
  return (error, value) => {
    if (isCalled) return
    isCalled = true
    try {
      done(error, value)
    } catch (thrown) {
      context.end(thrown)
    }
  }
}

/** A tag of the app. An async one gets its callback last, the only function of two parameters; bodies take one. */
export function guardedTag(extension: Record<string, unknown>): Record<string, unknown> {
  return new Proxy(extension, {
    get(target, key) {
      const member = target[key as string]
      if (typeof member !== 'function') return member
      return (context: BlockContext, ...values: unknown[]): unknown => {
        // What a tag looks at, it does not say.
        context.reads?.add(ANY)
        const last = values.at(-1)
        if (typeof last === 'function' && last.length === 2)
          values[values.length - 1] = guarded(context, last as Callback<unknown>)
        return Reflect.apply(member, target, [context, ...values])
      }
    },
  })
}
