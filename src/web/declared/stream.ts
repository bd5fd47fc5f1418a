import type { Context } from 'hono'
import { ConfigError } from '../../shared/errors.ts'
import type { Schema } from '../../shared/schema.ts'
import { checkDefinition } from './check-definition.ts'
import { CheckedValues } from './checked-values.ts'
import { remember, type AnyDefinition, type AnyHandler, type Declared } from './declared.ts'
import type {
  Handler,
  InputSchemas,
  Outgoing,
  StreamDefinition,
  StreamRoute,
} from './definition.ts'
import { checkInput } from './read-input.ts'

/**
 * Declares a route whose answer is a stream: what it takes, who may ask, what goes out, and the async generator that
 * makes it. Serve it with `mount`.
 *
 * In      a path, a method (POST), Standard Schemas for the input, for what is yielded and for what is returned. They
 *         give the handler its types.
 * Out     a function: called without a request it gives the handler's values, checked, for tests and for `yield*`.
 * Ends    as every stream: one terminal, last. What is yielded is sent, what is returned is the final value, what is
 *         thrown is the error, and when nobody wants it any more its `signal` aborts.
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
  return declare(definition as AnyDefinition, handler as AnyHandler) as never
}

/** The same without types, for methods of classes. */
export function declare(definition: AnyDefinition, handler: AnyHandler): object {
  const declared = checkDefinition(definition, handler)
  const route = (call: DirectCall = {}): CheckedValues => called(declared, call)
  Object.defineProperties(route, {
    name: { value: declared.label },
    method: { value: declared.method },
    path: { value: definition.path },
  })
  remember(route, declared)
  return Object.freeze(route)
}

interface DirectCall extends Readonly<Record<string, unknown>> {
  readonly signal?: AbortSignal
  readonly lastEventId?: string
  readonly c?: unknown
  readonly before?: unknown
}

function called({ definition, handler, input, label }: Declared, call: DirectCall): CheckedValues {
  const { signal = new AbortController().signal, lastEventId, c = noRequest(label) } = call
  const { before = {} } = call
  const checks = definition.validate !== 'never'
  return new CheckedValues(
    {
      label,
      chunk: checks ? definition.chunk : undefined,
      final: checks ? definition.final : undefined,
      draws: true,
      onFinal: () => {},
      start: async (context) => {
        const values = await checkInput(input, call)
        return handler({ ...values, ...context, before, c } as never)
      },
    },
    { signal, lastEventId },
  )
}

/** In place of a request: may be handed around, and says what is missing when it is used. */
function noRequest(label: string): Context {
  return new Proxy({} as Context, {
    get(_, name) {
      throw new ConfigError(
        'stream/no-request',
        `${label} was called without a request, and asked for c.${String(name)}.`,
        { hint: 'Pass a context: call it with { c, … }.' },
      )
    },
  })
}
