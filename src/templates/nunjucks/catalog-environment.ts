import type { BlockContext } from './block-context.ts'
import { UnknownName } from './failure.ts'
import type { Callback, InnerEnvironment } from './internals.ts'

type AnyFunction = (this: unknown, ...values: unknown[]) => unknown

/**
 * The environment that the templates of one catalog run with: everything of the app's, and two repairs.
 *
 * An error that happens after an async filter has called back is thrown into the filter's own caller, where nobody
 * catches it, and ends the process. Here it ends the render instead. An async filter may also give a promise.
 */
export function catalogEnvironment(base: InnerEnvironment): InnerEnvironment {
  const env = Object.create(base) as InnerEnvironment
  const guarded = new Map<unknown, AnyFunction>()
  env.getFilter = (name) => {
    const filter = Object.hasOwn(base.filters, name) ? base.filters[name] : undefined
    if (!filter) throw new UnknownName('filter', name, base.filters)
    if (base.asyncFilters.length === 0 || !base.asyncFilters.includes(name)) return filter
    let safe = guarded.get(filter)
    if (!safe) guarded.set(filter, (safe = asyncFilter(filter)))
    return safe
  }
  env.getTest = (name) => {
    const test = Object.hasOwn(base.tests, name) ? base.tests[name] : undefined
    if (!test) throw new UnknownName('test', name, base.tests)
    return test
  }
  env.getExtension = (name) => {
    const extension = base.extensions[name]
    if (!extension) return undefined
    let tag = tags.get(extension)
    if (!tag) tags.set(extension, (tag = guardedTag(extension)))
    return tag
  }
  const tags = new Map<object, Record<string, unknown>>()
  return env
}

function asyncFilter(filter: AnyFunction): AnyFunction {
  const promises = filter.constructor.name === 'AsyncFunction'
  return function (this: unknown, ...values) {
    const done = caught(this as BlockContext, values[values.length - 1] as Callback<unknown>)
    const given = promises ? values.slice(0, -1) : [...values.slice(0, -1), done]
    const result = Reflect.apply(filter, this, given)
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
      ;(result as PromiseLike<unknown>).then(
        (value) => done(null, value),
        (error) => done(error ?? new Error('the filter failed without an error')),
      )
    }
  }
}

/** A callback that answers once, and turns what is thrown after it into the end of the render. */
function caught(context: BlockContext, done: Callback<unknown>): Callback<unknown> {
  let called = false
  return (error, value) => {
    if (called) return
    called = true
    try {
      if (error && context.isPassing) done(null, context.lose(error))
      else done(error, value)
    } catch (thrown) {
      if (!context.draw) throw thrown
      context.draw.end(thrown)
    }
  }
}

/** An async tag gets its callback last, the only one of two parameters; bodies take one. */
function guardedTag(extension: Record<string, unknown>): Record<string, unknown> {
  return new Proxy(extension, {
    get(target, key) {
      const member = target[key as string]
      if (typeof member !== 'function') return member
      return (context: BlockContext, ...values: unknown[]): unknown => {
        // What a tag looks at, it does not say.
        if (context.reads) context.reads.everything = true
        const last = values[values.length - 1]
        if (typeof last === 'function' && last.length === 2) {
          values[values.length - 1] = caught(context, last as Callback<unknown>)
        }
        return Reflect.apply(member, target, [context, ...values])
      }
    },
  })
}
