import { ConfigError } from '../../shared/errors.ts'
import type { InputSchemas, StreamDefinition } from './definition.ts'

/** A handler with its types left at the door: inside, the schemas have the word. */
export type AnyHandler = (given: never) => AsyncIterator<unknown, unknown>

/** A definition in the same way. */
export type AnyDefinition = Omit<StreamDefinition, 'after' | 'before' | 'invalid'> & {
  readonly before?: Readonly<Record<string, (given: never) => unknown>>
  readonly after?: Readonly<Record<string, (given: never) => unknown>>
  readonly invalid?: (errors: never, values: never, c: never) => unknown
}

/** A route that has been found to be possible. */
export interface Declared {
  readonly definition: AnyDefinition
  readonly handler: AnyHandler
  readonly method: 'GET' | 'POST'
  readonly input: InputSchemas
  /** What errors and the log call it: `POST /chat (answer)`. */
  readonly label: string
}

const declared = new WeakMap<object, Declared>()

/** Marks a function as the face of a declared route. */
export function remember(route: object, what: Declared): void {
  declared.set(route, what)
}

/** What stands behind a route; nothing when it is none. */
export function declaredBehind(route: unknown): Declared | undefined {
  return typeof route === 'function' ? declared.get(route) : undefined
}

/** Whether calling it gives an async generator. Read from the function, so it is never called to find out. */
export function isAsyncGenerator(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncGeneratorFunction]'
}

/** The first sentence of every complaint about a route. */
export function refuseRoute(
  code: ConstructorParameters<typeof ConfigError>[0],
  label: string,
  what: string,
  hint: string,
): never {
  throw new ConfigError(code, `${label}: ${what}`, { hint })
}
