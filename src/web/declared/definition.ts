import type { Context } from 'hono'
import { ConfigError, type InputIssue } from '../../shared/errors.ts'
import type { Schema, SchemaInput, SchemaOutput } from '../../shared/schema.ts'
import type { EventStreamOptions } from '../../streams/event-stream.ts'
import type { StreamContext } from '../../streams/source.ts'
import type { Page } from '../page.ts'
import type { Guard } from './guards.ts'

/** A part of a request. */
export type InputSource = 'json' | 'form' | 'query' | 'param' | 'header' | 'cookie'

/** A schema for each part of the request that the handler wants. */
export type InputSchemas = { readonly [S in InputSource]?: Schema }

/** Each part as a client sends it: mostly text, a list where a name repeats. */
type Sent<I> = { readonly [S in keyof I]: I[S] extends Schema ? SchemaInput<I[S]> : never }

/** Each part as its schema gives it. */
type Received<I> = { readonly [S in keyof I]: I[S] extends Schema ? SchemaOutput<I[S]> : never }

/** The input of a schema, or anything without one: the values that a handler may give. */
type Accepted<S, Free> = S extends Schema ? SchemaInput<S> : Free

/** The output of a schema, or the value itself without one: the values that are sent. */
export type Outgoing<S, Free> = S extends Schema ? SchemaOutput<S> : Free

/** The values of the hooks, by name. */
type HookResults<B> = { readonly [Name in keyof B]: Awaited<B[Name]> }

/** The input of a `before` hook. Its signal aborts when the client disconnects. */
type BeforeInput<I> = Received<I> & { readonly c: Context; readonly signal: AbortSignal }

/** The input of a handler. In a call without a request, `c` is a stand-in that says so when it is used. */
type HandlerInput<I, B> = Received<I> &
  StreamContext & { readonly c: Context; readonly before: HookResults<B> }

/**
 * The async generator behind a declared route: yields chunks, returns the final value. The condition is always true: it
 * makes TypeScript wait for the other types before it looks at the handler, so a yielded `'done'` stays `'done'`.
 */
export type Handler<I, C, F, B, Chunk, Final> = C extends unknown
  ? (input: HandlerInput<I, B>) => AsyncGenerator<Accepted<C, Chunk>, Accepted<F, Final>, undefined>
  : never

/** The options of a declared route. */
export interface StreamDefinition<
  I extends InputSchemas = InputSchemas,
  C extends Schema | undefined = Schema | undefined,
  F extends Schema | undefined = Schema | undefined,
  B = Readonly<Record<string, unknown>>,
> extends Omit<EventStreamOptions, 'encoding'> {
  readonly path: `/${string}`
  /** Default POST: a stream costs something, and a link must not start it. */
  readonly method?: 'GET' | 'POST'
  /** The name in errors and in the log. Default: that of the handler. */
  readonly name?: string
  readonly input?: I & { readonly [S in Exclude<keyof I, InputSource>]: never }
  /** Each yielded value has to fit; what the schema makes of it is sent. */
  readonly chunk?: C
  /** The returned value has to fit. */
  readonly final?: F
  /** When `chunk` and `final` are applied: `dev` is with `expose`. Default `always`. */
  readonly validate?: 'always' | 'dev' | 'never'
  /** True: without a guard the route cannot be mounted. */
  readonly auth?: boolean
  /** One after the other, before anything of the request is read. */
  readonly guards?: readonly Guard[]
  /** All at once, when the input is valid, before the status: what they throw is an HTTP error. */
  readonly before?: { readonly [Name in keyof B]: (input: BeforeInput<I>) => B[Name] }
  /** All at once, after the final value, before the end is sent: what they throw is a failure of the stream. */
  readonly after?: Readonly<
    Record<
      string,
      (input: HandlerInput<I, B> & { readonly final: Outgoing<F, unknown> }) => unknown
    >
  >
  /** Answers a person whose input does not fit. Default: a notice. Programs get `application/problem+json`. */
  readonly invalid?: (
    errors: readonly InputIssue[],
    /** The input by part, as sent: not to be trusted. */
    values: {
      readonly [S in keyof I]?: S extends 'json' ? unknown : Readonly<Record<string, unknown>>
    },
    c: Context,
  ) => Page | Response | Promise<Page | Response>
  /** How values are sent: `plain` (the default), `events`, `sequenced`, an encoding of your own; or `'fragments'`, for htmx. */
  readonly encoding?: EventStreamOptions['encoding'] | 'fragments'
}

/** How a declared route is called without a request: its input, the values of its `before` hooks, a signal. */
type Call<I, B> = Sent<I> & {
  readonly signal?: AbortSignal
  readonly lastEventId?: string
  readonly c?: Context
} & (keyof B extends never
    ? { readonly before?: HookResults<B> }
    : { readonly before: HookResults<B> })

/**
 * A declared route. Mount it to serve it; call it to get its values, checked, without a request: in tests, or by `yield*`
 * in another one. Guards and hooks belong to the request, so a call runs none.
 */
export interface StreamRoute<I, B, Chunk, Final> {
  (
    ...call: object extends Call<I, B> ? [call?: Call<I, B>] : [call: Call<I, B>]
  ): AsyncIterableIterator<Chunk, Final, undefined>
  readonly method: 'GET' | 'POST'
  readonly path: string
}

/** A route whose definition has passed all checks, without its types: inside, only the schemas count. */
export interface Declared {
  readonly definition: StreamDefinition<any, any, any, any>
  readonly handler: (input: any) => AsyncIterator<unknown, unknown>
  readonly method: 'GET' | 'POST'
  readonly input: InputSchemas
  /** All guards: of the mount, of a class, of the route. */
  readonly guards: readonly Guard[]
  /** The name in errors and in the log: `POST /chat (answer)`. */
  readonly label: string
}

/** The declarations behind what `stream()` returns, and behind the handlers that `mount` gives to apps. */
export const declarations: WeakMap<object, Declared> = new WeakMap()

/** Refuses a route, naming it first. */
export function refuseRoute(
  code: ConstructorParameters<typeof ConfigError>[0],
  label: string,
  message: string,
): never {
  throw new ConfigError(code, `${label}: ${message}`)
}
