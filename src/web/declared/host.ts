import { declaredBehind, refuseRoute, type AnyDefinition, type AnyHandler } from './declared.ts'
import type { Declared } from './declared.ts'
import type { Guard } from './guard.ts'
import { declare } from './stream.ts'

type Method = AnyHandler
type Class = new () => object

/** By the function itself: `Symbol.metadata` is not everywhere yet. */
const definitions = new WeakMap<object, AnyDefinition>()
const guarded = new WeakMap<object, readonly Guard[]>()

/** Marks a method as a stream. */
export function markStream(method: object, definition: AnyDefinition, name: string): void {
  if (definitions.has(method)) {
    const hint = 'Keep one @Stream; two routes need two methods.'
    refuseRoute('stream/duplicate', name, 'the method is declared as a stream twice.', hint)
  }
  definitions.set(method, definition)
}

/** Puts guards before a method, or before all streams of a class. */
export function markGuards(target: object, guards: readonly Guard[]): void {
  guarded.set(target, [...guards, ...(guarded.get(target) ?? [])])
}

/**
 * The streams of a class or an instance, inherited ones too. A class is built here, when it needs nothing for that.
 *
 * Throws  ConfigError `stream/host`.
 */
export function streamsOf(host: object): { declared: Declared; guards: readonly Guard[] }[] {
  const instance = typeof host === 'function' ? built(host as Class) : host
  const name = instance?.constructor?.name ?? String(host)
  const found = new Map<string | symbol, object>()
  const classGuards: Guard[] = []
  const end = Object.prototype
  for (let level = instance; level && level !== end; level = Object.getPrototypeOf(level)) {
    if (Object.hasOwn(level, 'constructor')) {
      classGuards.unshift(...(guarded.get(level.constructor) ?? []))
    }
    for (const key of Reflect.ownKeys(level)) {
      const { value } = Object.getOwnPropertyDescriptor(level, key)!
      // What a subclass writes anew hides what it inherits, decorated or not.
      if (typeof value === 'function' && !found.has(key)) found.set(key, value)
    }
  }
  const streams = [...found].flatMap(([key, method]) => {
    const definition = definitions.get(method)
    if (!definition) return []
    const named = { name: `${name}.${String(key)}`, ...definition }
    const route = declare(named, (method as Method).bind(instance) as AnyHandler)
    const guards = [...classGuards, ...(guarded.get(method) ?? []), ...(definition.guards ?? [])]
    return [{ declared: declaredBehind(route)!, guards }]
  })
  if (streams.length === 0) {
    const hint = 'Mount what stream() returned, or put @Stream({ path }) on an async *method().'
    refuseRoute('stream/host', name, 'it holds no streams.', hint)
  }
  return streams
}

function built(host: Class): object {
  // An arrow function, or anything else that no `new` can build, is no class.
  if (!host.prototype) {
    const hint = 'Mount what stream() returned, a class or an instance.'
    refuseRoute('stream/host', host.name || 'a function', 'it is no declared stream.', hint)
  }
  if (host.length > 0) {
    const hint = `Build it yourself: mount(app, new ${host.name}(…)).`
    refuseRoute('stream/host', host.name, 'its constructor needs arguments.', hint)
  }
  return new host()
}
