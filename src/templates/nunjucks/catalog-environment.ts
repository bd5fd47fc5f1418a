import { closestMatch } from '../../shared/closest-match.ts'
import { ANY, type BlockContext } from './block-context.ts'
import { Fault } from './failure.ts'
import type { Callback, InnerEnvironment } from './internals.ts'

type AnyFunction = (this: unknown, ...values: unknown[]) => unknown

/**
 * The environment that the templates of one catalog run with: everything of the app's, and two repairs.
 *
 * An error that happens after an async filter has called back is thrown into the filter's own caller, where nothing
 * catches it, and ends the process. Here it ends the render instead. An async filter may also give a promise.
 */
export function catalogEnvironment(base: InnerEnvironment): InnerEnvironment {
  const env = Object.create(base) as InnerEnvironment
  const filters = new Map<unknown, AnyFunction>()
  const tags = new Map<object, Record<string, unknown>>()
  env.getFilter = (name) => {
    const filter = Object.hasOwn(base.filters, name) ? base.filters[name] : undefined
    if (!filter) throw unknownName('filter', name, base)
    if (!base.asyncFilters.includes(name)) return filter
    if (!filters.has(filter)) filters.set(filter, asyncFilter(filter))
    return filters.get(filter)!
  }
  env.getTest = (name) => {
    const test = Object.hasOwn(base.tests, name) ? base.tests[name] : undefined
    if (!test) throw unknownName('test', name, base)
    return test
  }
  env.getExtension = (name) => {
    const tag = base.extensions[name]
    if (tag && !tags.has(tag)) tags.set(tag, guardedTag(tag))
    return tag && tags.get(tag)
  }
  return env
}

/** The error for a filter or test that was not added. */
export function unknownName(kind: 'filter' | 'test', name: string, env: InnerEnvironment): Fault {
  const meant = closestMatch(name, Object.keys(kind === 'filter' ? env.filters : env.tests))
  const hint =
    meant === undefined ? `Add it: ${kind}s: { ${name}: … }.` : `Did you mean "${meant}"?`
  return new Fault('template/filter-unknown', `unknown ${kind} "${name}".`, hint)
}

function asyncFilter(filter: AnyFunction): AnyFunction {
  const promises = filter.constructor.name === 'AsyncFunction'
  return function (this: unknown, ...values) {
    const done = caught(this as BlockContext, values.pop() as Callback<unknown>)
    const result = Reflect.apply(filter, this, promises ? values : [...values, done])
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

/** An async tag gets its callback last, the only one of two parameters; bodies take one. */
function guardedTag(extension: Record<string, unknown>): Record<string, unknown> {
  return new Proxy(extension, {
    get(target, key) {
      const member = target[key as string]
      if (typeof member !== 'function') return member
      return (context: BlockContext, ...values: unknown[]): unknown => {
        // What a tag looks at, it does not say.
        context.reads?.add(ANY)
        const last = values.at(-1)
        if (typeof last === 'function' && last.length === 2)
          values[values.length - 1] = caught(context, last as Callback<unknown>)
        return Reflect.apply(member, target, [context, ...values])
      }
    },
  })
}
