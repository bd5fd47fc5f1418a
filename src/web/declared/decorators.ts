import type { Schema } from '../../shared/schema.ts'
import { checkDefinition, isAsyncGenerator } from './check.ts'
import {
  refuseRoute,
  type AnyDefinition,
  type AnyHandler,
  type Declared,
  type Handler,
  type InputSchemas,
  type StreamDefinition,
} from './definition.ts'
import type { Guard } from './guards.ts'

/** By the function itself: `Symbol.metadata` is not everywhere yet. */
const definitions = new WeakMap<object, AnyDefinition>()
const guardsBy = new WeakMap<object, readonly Guard[]>()

/**
 * Declares a method as a stream: `stream()` for classes. The method stays what it is; `mount` serves it, on an instance.
 *
 * In      the options of `stream()`. The method has to be an async generator, and its parameter has to fit the schemas;
 *         a decorator can check types, not give them.
 * Throws  ConfigError `stream/…` when the class is defined, the rest of what `stream()` checks when it is mounted.
 *
 * @example
 * class Support {
 *   @Stream({ path: '/support' })
 *   async *answer() { yield 'Hello' }
 * }
 * mount(app, new Support())
 */
export function Stream<
  I extends InputSchemas = {},
  C extends Schema | undefined = undefined,
  F extends Schema | undefined = undefined,
  B = {},
  Chunk = unknown,
  Final = unknown,
>(
  definition: StreamDefinition<I, C, F, B>,
): (method: Handler<I, C, F, B, Chunk, Final>, context: ClassMethodDecoratorContext) => void {
  return (method, { kind, name, static: isStatic, private: isPrivate }) => {
    const label = `@Stream on ${String(name)}`
    if (kind !== 'method' || isStatic || isPrivate) {
      const hint = 'Put it on a public method of the instance.'
      refuseRoute('stream/host', label, 'mount could not reach it.', hint)
    }
    if (!isAsyncGenerator(method)) {
      const hint = 'Write async *method(…) { yield … }: what it yields is the stream.'
      refuseRoute('stream/not-a-generator', label, 'the method is no async generator.', hint)
    }
    if (definitions.has(method)) {
      const hint = 'Keep one @Stream; two routes need two methods.'
      refuseRoute('stream/duplicate', label, 'the method is declared as a stream twice.', hint)
    }
    definitions.set(method, definition as AnyDefinition)
  }
}

/**
 * Puts guards before a stream, or before all streams of a class: those of the class run first, one after the other.
 *
 * @example
 * @UseGuards(bearer({ env: 'TOKEN' }))
 * class Support {
 *   @Stream({ path: '/support' })
 *   async *answer() { yield 'Hello' }
 * }
 */
export function UseGuards(
  ...guards: readonly Guard[]
): (target: object, context: ClassDecoratorContext | ClassMethodDecoratorContext) => void {
  return (target) => void guardsBy.set(target, [...guards, ...(guardsBy.get(target) ?? [])])
}

/**
 * The decorated streams of a class or an instance, inherited ones too. A class is built here, when it needs no arguments.
 *
 * Throws  ConfigError `stream/host`.
 */
export function decoratedStreams(host: object): { declared: Declared; guards: readonly Guard[] }[] {
  const instance = typeof host === 'function' ? build(host as new () => object) : host
  const name = instance?.constructor?.name ?? String(host)
  const methods = new Map<string | symbol, object>()
  const classGuards: Guard[] = []
  for (
    let level = instance;
    level && level !== Object.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    if (Object.hasOwn(level, 'constructor'))
      classGuards.unshift(...(guardsBy.get(level.constructor) ?? []))
    for (const key of Reflect.ownKeys(level)) {
      const { value } = Object.getOwnPropertyDescriptor(level, key)!
      // A method of a subclass hides the inherited one, decorated or not.
      if (typeof value === 'function' && !methods.has(key)) methods.set(key, value)
    }
  }
  const streams = [...methods].flatMap(([key, method]) => {
    const definition = definitions.get(method)
    if (!definition) return []
    const named = { name: `${name}.${String(key)}`, ...definition }
    const handler = (method as AnyHandler).bind(instance) as AnyHandler
    const guards = [...classGuards, ...(guardsBy.get(method) ?? []), ...(definition.guards ?? [])]
    return [{ declared: checkDefinition(named, handler), guards }]
  })
  if (streams.length === 0) {
    const hint = 'Mount what stream() returned, or put @Stream({ path }) on an async *method().'
    refuseRoute('stream/host', name, 'it holds no streams.', hint)
  }
  return streams
}

function build(host: new () => object): object {
  // An arrow function, or anything else that `new` cannot build, is no class.
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
