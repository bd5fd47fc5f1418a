import { SourceError, SwapstreamError } from '../shared/errors.ts'
import { kindOf } from '../shared/hooks.ts'

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

/** Makes the error of an answer whose end never came. */
export function cutAnswer(): SourceError {
  const message =
    'The answer of the model was cut: its stream stopped before the model had finished.'
  const hint =
    'Ask again. A stream of your own needs no end when it gives text; one that gives the chunks of an SDK hands on its last one, too.'
  return new SourceError('source/failed', message, { hint })
}

/** Checks an answer of `next()`: an iterator that is no generator may answer with anything. */
export function isResult(answer: unknown): answer is IteratorResult<unknown, unknown> {
  return answer !== null && typeof answer === 'object'
}

/** Makes the error of a `next()` without a result. */
export function noResult(answer: unknown): SourceError {
  const message = `The next() of a source gave ${kindOf(answer)}, which is no result.`
  return wrongValue(
    message,
    'It has to give { done, value }; an async generator does so by itself.',
  )
}

/** Makes the error of a value that is no source; names the probable mistake. */
export function refusedSource(value: unknown): SourceError {
  const [what, hint = ''] = finishedAnswer(value) ?? []
  if (what !== undefined) return wrongValue(`This is ${what}, not a stream.`, hint)
  const call = callOf(value)
  if (call !== undefined)
    return wrongValue(
      `This is ${kindOf(value)}, a model and not its answer.`,
      `Ask it, and hand on what it gives: tokens(${call}), or tokens((signal) => …) to be able to stop it.`,
    )
  const message = `A source of tokens is a stream of a model or an iterable of strings, but this is ${kindOf(value)}.`
  return wrongValue(message, 'An async generator of strings always fits.')
}

/** The methods by which a model or a client of one is asked for a stream. */
const ASKED_BY = {
  doStream: 'streamText({ model, prompt })',
  'chat.completions.create': 'client.chat.completions.create({ …, stream: true })',
  'responses.create': 'client.responses.create({ …, stream: true })',
  'messages.create': 'client.messages.create({ …, stream: true })',
  'models.generateContentStream': 'client.models.generateContentStream({ … })',
  stream_async: 'bot.stream_async(…messages)',
  streamAsync: 'bot.streamAsync(…messages)',
  streamText: 'bot.streamText(…messages)',
  stream: 'bot.stream(…messages)',
  chat: 'bot.chat(…messages)',
}

/** The call that asks a model for a stream; undefined for what is none. */
export function callOf(value: unknown): string | undefined {
  const member = (path: string): unknown =>
    path.split('.').reduce((object: Foreign, name) => object?.[name], value)
  return Object.entries(ASKED_BY).find(([path]) => typeof member(path) === 'function')?.[1]
}

/** Makes the error of a value that the developer has to change. */
export function wrongValue(message: string, hint: string): SourceError {
  return new SourceError('source/value', message, { hint })
}

/** Names a finished answer by what only it has, and says how it is asked for as a stream. */
function finishedAnswer(value: Foreign): readonly [what: string, hint: string] | undefined {
  const create = 'Pass `stream: true` to create()'
  if (Array.isArray(value?.choices)) return ['a finished chat completion', `${create}.`]
  if (value?.object === 'response' || Array.isArray(value?.output))
    return ['a finished response of OpenAI', `${create}.`]
  if (value?.type === 'message')
    return ['a finished message of Anthropic', `${create}, or use messages.stream().`]
  if (typeof value?.done === 'boolean')
    return ['a finished answer of Ollama', 'Pass `stream: true`.']
  if (typeof value?.text !== 'string') return undefined
  return 'content' in value
    ? ['a finished message', 'Use stream() instead of invoke().']
    : ['a finished text', 'Use streamText() instead of generateText(), or hand on its text.']
}
