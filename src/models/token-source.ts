import type { ResponseLike } from '../sse/response-body.ts'

/** A web stream, whichever implementation it is of. */
interface Readable<T> {
  getReader(): {
    read(): Promise<{ done: boolean; value?: T | undefined }>
    cancel(reason?: unknown): Promise<void>
    releaseLock(): void
  }
}

/** One after the other. Web streams are not iterable everywhere, so they stand here by themselves. */
type Sequence<T> = AsyncIterable<T> | Iterable<T> | Readable<T>

/** What an SDK gives chunk by chunk, as far as we look at it. Only what is always there is demanded. */
type Chunk =
  | string
  | Uint8Array
  // AI SDK, OpenAI responses, Anthropic, and our own parts: told apart by the name of the type.
  | { readonly type: string }
  // OpenAI chat, and everything that speaks like it.
  | { readonly choices: readonly { readonly delta: { readonly content?: unknown } }[] }
  // Ollama: chat, then generate.
  | { readonly message: { readonly content: string }; readonly done: boolean }
  | { readonly response?: string | undefined; readonly done: boolean; readonly done_reason: string }
  // LangChain.
  | { readonly content: unknown; readonly text: string }

/** What `streamText` of the AI SDK returns; only its `fullStream` tells of a failure. */
interface AiSdkResult {
  readonly fullStream: Sequence<{ readonly type: string }>
}

interface TextStreamResult {
  readonly textStream: Sequence<string>
}

/** What is read, once it is there. */
type Readied = Sequence<Chunk> | AiSdkResult | TextStreamResult | ResponseLike

/**
 * Whatever text comes out of, by its shape alone: results and streams of the AI SDK, openai, `@anthropic-ai/sdk`, ollama
 * and LangChain, a fetch `Response`, web streams of text or bytes, generators, lists; a promise of any of these, or of
 * plain text; a function that gives any of these.
 *
 * The function is the form to prefer: it starts late, and its signal is the one thing that surely stops a paid call.
 */
export type TokenSource =
  | Readied
  | PromiseLike<Readied | string>
  | ((signal: AbortSignal) => Readied | PromiseLike<Readied | string>)
