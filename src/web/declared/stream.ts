import type { Context } from 'hono'
import { ConfigError, SourceError } from '../../shared/errors.ts'
import type { Schema } from '../../shared/schema.ts'
import { settled } from '../../shared/stoppable.ts'
import { Fragment } from '../../fragments/fragment.ts'
import { ServerSentEvent } from '../../sse/server-sent-event.ts'
import type { StreamContext } from '../../streams/source.ts'
import { checkDefinition } from './check.ts'
import type {
  AnyDefinition,
  AnyHandler,
  Declared,
  Handler,
  InputSchemas,
  Outgoing,
  StreamDefinition,
  StreamRoute,
} from './definition.ts'
import { formatIssues, invalidInput, validate, validateInput } from './input.ts'

const declaredRoutes = new WeakMap<object, Declared>()

/** The declaration behind what `stream()` returned; nothing for anything else. */
export function declaredBy(route: object): Declared | undefined {
  return declaredRoutes.get(route)
}

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
  const declared = checkDefinition(definition as AnyDefinition, handler as AnyHandler)
  const route = (call: DirectCall = {}): AsyncGenerator => callWithoutRequest(declared, call)
  Object.defineProperties(route, {
    name: { value: declared.label },
    method: { value: declared.method },
    path: { value: definition.path },
  })
  declaredRoutes.set(route, declared)
  return Object.freeze(route) as never
}

interface DirectCall extends Readonly<Record<string, unknown>> {
  readonly signal?: AbortSignal
  readonly lastEventId?: string
  readonly c?: unknown
  readonly before?: unknown
}

function callWithoutRequest(declared: Declared, call: DirectCall): AsyncGenerator {
  const { signal = new AbortController().signal, lastEventId, before = {} } = call
  const { c = noRequest(declared.label) } = call
  const validates = declared.definition.validate !== 'never'
  const rules = { ...declared, validates, rendersFragments: true }
  return checkedValues(rules, { signal, lastEventId }, async (context) => {
    const { values, issues } = await validateInput(declared.input, call)
    if (issues.length > 0) throw invalidInput(issues)
    return declared.handler({ ...values, ...context, before, c } as never)
  })
}

/** Stands in for a request. It may be passed on, and says what is missing when it is used. */
function noRequest(label: string): Context {
  return new Proxy({} as Context, {
    get(_, name) {
      const what = `${label} was called without a request, and asked for c.${String(name)}.`
      throw new ConfigError('stream/no-request', what, {
        hint: 'Pass a context: call it with { c, … }.',
      })
    },
  })
}

/** What the values of a handler are checked by. */
export interface ValueRules extends Pick<Declared, 'label' | 'definition'> {
  /** Whether the schemas are applied. */
  readonly validates: boolean
  /** Whether the encoding can render fragments. */
  readonly rendersFragments: boolean
}

/**
 * Gives what a handler yields and returns, each through its schema. It starts the handler when the first value is wanted.
 *
 * Ends    with the handler, or at the first value that does not fit: it is not given, the handler's signal aborts, and the
 *         handler is closed.
 * Throws  SourceError `source/chunk`, `source/final` or `source/value`; what the handler throws.
 */
export async function* checkedValues(
  rules: ValueRules,
  context: StreamContext,
  start: (context: StreamContext) => Promise<AsyncIterator<unknown, unknown>>,
): AsyncGenerator<unknown, unknown, undefined> {
  const { chunk, final } = rules.validates ? rules.definition : {}
  const own = new AbortController()
  const signal = AbortSignal.any([context.signal, own.signal])
  const values = await start({ ...context, signal })
  let step: IteratorResult<unknown, unknown> | undefined
  try {
    for (step = await values.next(); !step.done; step = await values.next())
      yield await checkChunk(step.value, rules, chunk)
    return await fit(step.value, final, 'source/final', `${rules.label} returned`)
  } catch (error) {
    own.abort(error)
    // Not awaited: a handler that closes slowly does not delay the error.
    void settled(() => values.return?.())
    throw error
  } finally {
    // The consumer has left early.
    if (!step?.done && !own.signal.aborted) {
      own.abort()
      await values.return?.()
    }
  }
}

function checkChunk(value: unknown, rules: ValueRules, schema: Schema | undefined): unknown {
  // An event says itself how it is encoded, so no schema of values fits it.
  if (value instanceof ServerSentEvent) return value
  if (value instanceof Fragment && !rules.rendersFragments) {
    const what = `${rules.label} yielded a Fragment, but its encoding renders none.`
    const hint = "Declare the route with encoding: 'fragments'."
    throw new SourceError('source/value', what, { hint })
  }
  return fit(value, schema, 'source/chunk', `${rules.label} yielded`)
}

async function fit(
  value: unknown,
  schema: Schema | undefined,
  code: 'source/chunk' | 'source/final',
  what: string,
): Promise<unknown> {
  if (!schema) return value
  const result = await validate(schema, value)
  if (!result.issues) return result.value
  throw new SourceError(code, `${what} a value that does not fit: ${formatIssues(result.issues)}.`)
}
