import type { Context } from 'hono'
import { ConfigError, SourceError } from '../../shared/errors.ts'
import type { Schema } from '../../shared/schema.ts'
import { ignoreErrors } from '../../shared/abortable.ts'
import { Fragment } from '../../fragments/fragment.ts'
import { ServerSentEvent } from '../../sse/server-sent-event.ts'
import type { StreamContext } from '../../streams/source.ts'
import { checkDefinition } from './check.ts'
import {
  declarations,
  type Declared,
  type Handler,
  type InputSchemas,
  type Outgoing,
  type StreamDefinition,
  type StreamRoute,
} from './definition.ts'
import { invalidInput, keysOf, validate, validateInput } from './input.ts'

/**
 * Declares a route whose answer is a stream. Serve it with `mount`.
 *
 * In      a path, a method (POST), guards, Standard Schemas for the input, for what is yielded and for what is returned,
 *         which give the handler its types; and the async generator that makes the values.
 * Out     a function: called without a request it gives the handler's values, checked, for tests and for `yield*`.
 * Ends    as every stream: what is yielded is sent, what is returned is the final value, what is thrown is the error, and
 *         when no client wants it any more its `signal` aborts.
 * Throws  ConfigError `stream/…` for a route that cannot work, now and not at a request.
 *
 * @example
 * const count = stream({ path: '/count', method: 'GET' }, async function* ({ signal }) {
 *   for (let n = 1; n <= 3 && !signal.aborted; n++) yield n
 *   return 'counted'
 * })
 * const seen = []
 * for await (const n of count()) seen.push(n)
 * seen // → [1, 2, 3]
 */
export function stream<
  I extends InputSchemas = {},
  C extends Schema | undefined = undefined,
  F extends Schema | undefined = undefined,
  B = {},
  Chunk = unknown,
  Final = unknown,
>(
  definition: StreamDefinition<I, C, F, B>,
  handler: Handler<I, C, F, B, Chunk, Final>,
): StreamRoute<I, B, Outgoing<C, Chunk>, Outgoing<F, Final>> {
  const declared = checkDefinition(definition, handler)
  const { label, method } = declared
  const route = (call: DirectCall = {}): AsyncGenerator => callWithoutRequest(declared, call)
  Object.defineProperty(route, 'name', { value: label })
  Object.assign(route, { method, path: definition.path })
  declarations.set(route, declared)
  return Object.freeze(route) as never
}

type DirectCall = Readonly<Record<string, unknown>> & Partial<StreamContext>

function callWithoutRequest(declared: Declared, call: DirectCall): AsyncGenerator {
  const { definition, handler, input, label } = declared
  const { signal = new AbortController().signal, lastEventId, before = {} } = call
  const schemas = definition.validate === 'never' ? {} : definition
  const rules = { label, rendersFragments: true, ...schemas }
  return checkedValues(rules, { signal, lastEventId }, async (context) => {
    const { values, issues } = await validateInput(input, call)
    if (issues.length > 0) throw invalidInput(issues)
    return handler({ ...values, ...context, before, c: call['c'] ?? noRequest(label) })
  })
}

/** Stands in for a request. It may be passed on, and says what is missing when it is used. */
function noRequest(label: string): Context {
  const get = (_: unknown, name: string | symbol): never => {
    const what = `${label} was called without a request, and asked for c.${String(name)}.`
    const hint = 'Pass a context: call it with { c, … }.'
    throw new ConfigError('stream/no-request', what, { hint })
  }
  return new Proxy<Context>(Object.create(null), { get })
}

/** The rules for the values of a handler. */
export interface ValueRules {
  readonly label: string
  readonly chunk?: Schema
  readonly final?: Schema
  /** True when the encoding can render fragments. */
  readonly rendersFragments: boolean
}

/**
 * Gives what a handler yields and returns, each through its schema. The handler starts when the first value is wanted.
 * At the first value that does not fit its signal aborts, and it is closed.
 */
export async function* checkedValues(
  { label, chunk, final, rendersFragments }: ValueRules,
  context: StreamContext,
  start: (context: StreamContext) => Promise<AsyncIterator<unknown, unknown>>,
): AsyncGenerator<unknown, unknown, undefined> {
  const own = new AbortController()
  const signal = AbortSignal.any([context.signal, own.signal])
  const values = await start({ ...context, signal })
  let step: IteratorResult<unknown, unknown> | undefined
  try {
    for (step = await values.next(); !step.done; step = await values.next()) {
      const { value } = step
      if (value instanceof Fragment && !rendersFragments) {
        const what = `${label} yielded a Fragment, but its encoding renders none.`
        const hint = "Declare the route with encoding: 'fragments'."
        throw new SourceError('source/value', what, { hint })
      }
      // An event says itself how it is encoded, so no schema of values fits it.
      const schema = value instanceof ServerSentEvent ? undefined : chunk
      yield await validated(value, schema, 'source/chunk', `${label} yielded`)
    }
    return await validated(step.value, final, 'source/final', `${label} returned`)
  } catch (error) {
    own.abort(error)
    // Not awaited: a handler that closes slowly does not delay the error.
    void ignoreErrors(() => values.return?.())
    throw error
  } finally {
    // The consumer has left early.
    if (!step?.done && !own.signal.aborted) {
      own.abort()
      await values.return?.()
    }
  }
}

async function validated(
  value: unknown,
  schema: Schema | undefined,
  code: 'source/chunk' | 'source/final',
  what: string,
): Promise<unknown> {
  const result = schema ? await validate(schema, value) : { value }
  if (!result.issues) return result.value
  const issues = result.issues.map(({ message, path }) => [...keysOf(path), message].join(': '))
  throw new SourceError(code, `${what} a value that does not fit: ${issues.join('; ')}.`)
}
