import type { Schema } from '../../shared/schema.ts'
import { checkDefinition } from './check.ts'
import {
  refuseRoute,
  type Declared,
  type Handler,
  type InputSchemas,
  type StreamDefinition,
} from './definition.ts'
import type { Guard } from './guards.ts'

interface DecoratedMethod {
  readonly name: string | symbol
  readonly method: Declared['handler']
  readonly definition: Declared['definition']
}

const streamMethods = new WeakSet<object>()
const methodsByInstance = new WeakMap<object, DecoratedMethod[]>()
const guardsByTarget = new WeakMap<object, readonly Guard[]>()

/**
 * Declares a method as a stream: `stream()` for classes. The method stays what it is; `mount` serves it, on an instance.
 *
 * In      the options of `stream()`, or the path and then the other options. The method has to be an async generator, and
 *         its parameter has to fit the schemas; a decorator can check types, not give them.
 * Throws  ConfigError `stream/…` when the class is defined; what needs the whole class, such as its guards, when it is
 *         mounted.
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
): (method: Handler<I, C, F, B, Chunk, Final>, context: ClassMethodDecoratorContext) => void
export function Stream<
  I extends InputSchemas = {},
  C extends Schema | undefined = undefined,
  F extends Schema | undefined = undefined,
  B = {},
  Chunk = unknown,
  Final = unknown,
>(
  path: `/${string}`,
  definition?: Omit<StreamDefinition<I, C, F, B>, 'path'>,
): (method: Handler<I, C, F, B, Chunk, Final>, context: ClassMethodDecoratorContext) => void
export function Stream(
  first: Declared['definition'] | string,
  more: object = {},
): (method: Declared['handler'], context: ClassMethodDecoratorContext) => void {
  const definition = typeof first === 'string' ? { ...more, path: first as '/' } : first
  return (method, { kind, name, static: isStatic, private: isPrivate, addInitializer }) => {
    const label = `@Stream on ${String(name)}`
    if (kind !== 'method' || isStatic || isPrivate)
      refuseRoute('stream/host', label, 'it belongs on a public method of the instance.')
    // The class is not known yet, so its name is missing.
    checkDefinition({ name: String(name), ...definition }, method)
    if (streamMethods.has(method))
      refuseRoute('stream/duplicate', label, 'it is there twice; two routes need two methods.')
    streamMethods.add(method)
    addInitializer(function (this: unknown) {
      const known = methodsByInstance.get(this as object) ?? []
      methodsByInstance.set(this as object, [...known, { name, method, definition }])
    })
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
  return (target) =>
    void guardsByTarget.set(target, [...guards, ...(guardsByTarget.get(target) ?? [])])
}

/** The decorated streams of an instance or a class, which is built here, inherited ones too. Throws  ConfigError. */
export function decoratedStreams(host: object): Declared[] {
  const instance = typeof host === 'function' ? build(host as new () => object) : host
  const hostName = instance?.constructor?.name ?? String(host)
  const guardsOf = (target: object): readonly Guard[] => guardsByTarget.get(target) ?? []
  const classGuards: Guard[] = []
  for (let level: object | null = instance.constructor; level; level = Object.getPrototypeOf(level))
    classGuards.unshift(...guardsOf(level))
  const streams = (methodsByInstance.get(instance) ?? [])
    // A method of a subclass hides the inherited one, decorated or not.
    .filter(({ name, method }) => (instance as Record<string | symbol, unknown>)[name] === method)
    .map(({ name, method, definition }) => {
      const named = { name: `${hostName}.${String(name)}`, ...definition }
      const declared = checkDefinition(named, method.bind(instance))
      return { ...declared, guards: [...classGuards, ...guardsOf(method), ...declared.guards] }
    })
  if (streams.length > 0) return streams
  return refuseRoute(
    'stream/host',
    hostName,
    'it holds no streams: put @Stream({ path }) on a method.',
  )
}

function build(host: new () => object): object {
  // What `new` cannot build, such as an arrow function, is no class.
  const name = host.name || 'a function'
  if (!host.prototype) refuseRoute('stream/host', name, 'it is no declared stream and no class.')
  if (host.length === 0) return new host()
  return refuseRoute(
    'stream/host',
    name,
    `its constructor needs arguments: mount(app, new ${name}(…)).`,
  )
}
