import type { Context } from 'hono'
import type { Schema, SchemaInput, SchemaOutput } from '../../shared/schema.ts'
import type { InputIssue } from '../../shared/errors.ts'
import type { EventStreamOptions } from '../../streams/event-stream.ts'
import type { StreamContext } from '../../streams/source.ts'
import type { EventEncoding } from '../../streams/encoder.ts'
import type { Page } from '../page.ts'
import type { Guard } from './guard.ts'

/** Where in a request a value stands. */
export type InputSource = 'json' | 'form' | 'query' | 'param' | 'header' | 'cookie'

/** A schema for each part of the request that the handler wants. */
export type InputSchemas = { readonly [S in InputSource]?: Schema }

/** What is left of each part once its schema has passed it. */
export type Received<I> = {
  readonly [S in keyof I]: I[S] extends Schema ? SchemaOutput<I[S]> : never
}

/** What each part was before: text for the most part, a list where a name repeats. */
export type Sent<I> = { readonly [S in keyof I]: I[S] extends Schema ? SchemaInput<I[S]> : never }

/** What was sent, when it does not fit: by part, and not to be trusted. */
export type Refused<I> = {
  readonly [S in keyof I]?: S extends 'json' ? unknown : Readonly<Record<string, unknown>>
}

/** What the handler gives: what its schema takes, or else whatever it likes. */
type Given<S, Free> = S extends Schema ? SchemaInput<S> : Free

/** What goes out: of a schema what it makes, else what the handler gives. */
export type Outgoing<S, Free> = S extends Schema ? SchemaOutput<S> : Free

/** Hooks by name; each gives one value. */
export type Hooks<Seen, Results> = {
  readonly [Name in keyof Results]: (seen: Seen) => Results[Name]
}

/** What the hooks gave, by name. */
export type HookResults<B> = { readonly [Name in keyof B]: Awaited<B[Name]> }

/** What a `before` hook sees. */
export type BeforeGiven<I> = Received<I> & {
  readonly c: Context
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

/** What a handler sees. */
export type HandlerGiven<I, B> = Received<I> &
  StreamContext & {
    /** The request. A handler called directly, without one, gets a stand-in that says so when it is used. */
    readonly c: Context
    /** What the `before` hooks gave. */
    readonly before: HookResults<B>
  }

/** What an `after` hook sees. */
export type AfterGiven<I, B, Final> = HandlerGiven<I, B> & { readonly final: Final }

/**
 * The async generator behind a declared route: yields chunks, returns the final value.
 *
 * A condition that is always true: only a type that waits for its parameters is filled in before the handler is looked
 * at, and without that a yielded `'done'` would be any text.
 */
export type Handler<I, C, F, B, Chunk, Final> = C extends unknown
  ? (given: HandlerGiven<I, B>) => AsyncGenerator<Given<C, Chunk>, Given<F, Final>, undefined>
  : never

/** What a declared route is, apart from its handler. */
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
  /** When `chunk` and `final` are looked at: `dev` is with `expose`. Default `always`. */
  readonly validate?: 'always' | 'dev' | 'never'
  /** True: without a guard the route cannot be mounted. */
  readonly auth?: boolean
  /** One after the other, before anything of the request is read. */
  readonly guards?: readonly Guard[]
  /** All at once, after the input was found valid, before the status: what they throw is an HTTP error. */
  readonly before?: Hooks<BeforeGiven<I>, B>
  /** All at once, after the final value, before the end is told: what they throw is a failure of the stream. */
  readonly after?: Hooks<AfterGiven<I, B, Outgoing<F, unknown>>, Readonly<Record<string, unknown>>>
  /** What a person gets whose input does not fit. Default: a notice. Programs get `application/problem+json`. */
  readonly invalid?: (
    errors: readonly InputIssue[],
    values: Refused<I>,
    c: Context,
  ) => Page | Response | Promise<Page | Response>
  /**
   * How values are spelt: `plain` (the default), `events()`, `sequenced`, an encoding of your own; or `'fragments'`, for htmx.
   */
  readonly encoding?: EventEncoding | 'fragments'
}

/** How a declared route is called without a request: its input, what its `before` hooks would have given, a signal. */
export type Call<I, B> = Sent<I> & {
  readonly signal?: AbortSignal
  readonly lastEventId?: string
  readonly c?: Context
} & (keyof B extends never
    ? { readonly before?: HookResults<B> }
    : { readonly before: HookResults<B> })

/**
 * A declared route. Mount it to serve it; call it to get its values, checked, without a request: in tests, or by
 * `yield*` in another one. Guards and hooks belong to the request, so a call runs none.
 */
export interface StreamRoute<I, B, Chunk, Final> {
  (
    ...call: object extends Call<I, B> ? [call?: Call<I, B>] : [call: Call<I, B>]
  ): AsyncIterableIterator<Chunk, Final, undefined>
  readonly method: 'GET' | 'POST'
  readonly path: string
}
