import { SourceError, SwapstreamError } from '../shared/errors.ts'

/** An object of an SDK or a server, of which anything may be missing. */
export type Foreign = any

const MAX_SHOWN_CHARS = 500

/** Makes a SourceError of what a provider sent as its error, which stays as the cause. */
export function modelFailure(cause: Foreign): SourceError {
  const texts = [cause, cause?.message, cause?.errorText, cause?.error, cause?.error?.message]
  const text: string =
    texts.find((each) => typeof each === 'string' && each !== '') ?? 'it did not say why.'
  const shown = text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text
  return new SourceError('source/failed', `The model failed: ${shown}`, { cause })
}

/**
 * Makes a SourceError of what a provider threw. Errors that are an answer themselves, ours and Hono's, stay as they are;
 * so does an abort, which is no failure.
 */
export function thrownByProvider(error: Foreign): unknown {
  const isAnswer = error instanceof SwapstreamError || typeof error?.getResponse === 'function'
  const isAbort = error?.name === 'AbortError' || error?.name === 'APIUserAbortError'
  return isAnswer || isAbort ? error : modelFailure(error)
}

/** Makes the error of an answer that something else than its reader has cut. */
export function abortedModel(): DOMException {
  return new DOMException('The model was aborted before its answer was whole.', 'AbortError')
}

/** Whether `next()` gave a result: an iterator that is no generator may answer with anything. */
export function isResult(answer: unknown): answer is IteratorResult<unknown, unknown> {
  return answer !== null && typeof answer === 'object'
}

/** Makes the error of a `next()` that gave no result. */
export function noResult(answer: unknown): SourceError {
  return new SourceError(
    'source/value',
    `The next() of a source gave ${kindOf(answer)}, which is no result.`,
    { hint: 'It has to give { done, value }; an async generator does so by itself.' },
  )
}

/** Answers that are finished, by what only they have, and how each is asked for as a stream. */
const FINISHED: readonly (readonly [
  is: (value: Foreign) => boolean,
  what: string,
  hint: string,
])[] = [
  [
    (value) => Array.isArray(value?.choices),
    'a finished chat completion',
    'Pass `stream: true` to create().',
  ],
  [
    (value) => value?.object === 'response' || Array.isArray(value?.output),
    'a finished response of OpenAI',
    'Pass `stream: true` to create().',
  ],
  [
    (value) => value?.type === 'message',
    'a finished message of Anthropic',
    'Pass `stream: true` to create(), or use messages.stream().',
  ],
  [
    (value) => typeof value?.done === 'boolean',
    'a finished answer of Ollama',
    'Pass `stream: true`.',
  ],
  [
    (value) => typeof value?.text === 'string' && 'content' in value,
    'a finished message',
    'Use stream() instead of invoke().',
  ],
  [
    (value) => typeof value?.text === 'string',
    'a finished text',
    'Use streamText() instead of generateText(), or hand on its text.',
  ],
]

/** Makes the error of a value that is no source, and says what was probably meant. */
export function refusedSource(value: unknown): SourceError {
  const [, what, hint] = FINISHED.find(([is]) => is(value)) ?? []
  if (what !== undefined)
    return new SourceError('source/value', `This is ${what}, not a stream.`, { hint: hint! })
  return new SourceError(
    'source/value',
    `A source of tokens is a stream of a model or an iterable of strings, but this is ${kindOf(value)}.`,
    { hint: 'An async generator of strings always fits.' },
  )
}

/** Names what something is, for a message. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  return `a ${value.constructor?.name ?? 'bare object'}`
}
