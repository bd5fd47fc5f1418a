import { abortableGenerator } from '../shared/abortable.ts'
import type { NonTextPart, Part } from './pieces.ts'
import { readParts } from './parts.ts'
import type { TokenSource } from './source.ts'

/** Options of `tokens`. */
export interface TokensOptions {
  /** Stops the source when it aborts; then `tokens` throws its reason. */
  readonly signal?: AbortSignal
  /** Called with what the model says beside its answer: reasoning, tool calls, sources, usage, why it finished. */
  readonly onPart?: (part: NonTextPart) => unknown
}

/**
 * The text of any model, as it comes: one way to read the shapes of all SDKs.
 *
 * In      a stream of the AI SDK, openai, Anthropic, Ollama, Gemini, Mistral, Cohere or LangChain, a fetch response, a
 *         web stream of text or bytes, an iterable of text; a promise of any of these or of plain text; a function that
 *         gives one.
 * Out     the text, cut as the source cuts it, without empty chunks; returns the whole of it. What is no answer
 *         (reasoning, tools, sources, usage) goes to `onPart`, never into the text.
 * Cost    opened by the first read; a few promises a token more than the source's own.
 * Ends    closes the source exactly once, at once also when it is silent: returns it, aborts it, aborts its controller,
 *         whichever of these it has, and the signal that a function got.
 * Throws  SourceError `source/failed`, with the cause, for what a provider throws or reports in mid-stream;
 *         `source/value` for what is no source, and for parts that are neither text nor known; the reason of `signal`.
 *         What a generator of your own throws comes through as it is.
 *
 * @example for await (const token of tokens(['Hel', 'lo'])) process(token)
 * @example
 * const source = (signal: AbortSignal) => openai.chat.completions.create({ model: 'gpt-4.1-mini', messages, stream: true }, { signal })
 * for await (const token of tokens(source, { onPart: (part) => show(part.type) })) show(token)
 */
export function tokens(
  source: TokenSource,
  { signal, onPart }: TokensOptions = {},
): AsyncGenerator<string, string, undefined> {
  return abortableGenerator((inner) => texts(readParts(source, inner), onPart), signal)
}

async function* texts(
  parts: AsyncIterable<Part>,
  onPart: TokensOptions['onPart'],
): AsyncGenerator<string, string, undefined> {
  let whole = ''
  for await (const part of parts) {
    if (part.type !== 'text') await onPart?.(part)
    else {
      whole += part.text
      yield part.text
    }
  }
  return whole
}
