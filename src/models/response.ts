import { abortableGenerator } from '../shared/abortable.ts'
import { SourceError } from '../shared/errors.ts'
import { tryOr } from '../shared/hooks.ts'
import { decodeEvents, type ReadEvent } from '../sse/read-events.ts'
import { decodeNDJSON } from '../sse/read-ndjson.ts'
import { bodyOf, bodyText, mediaTypeOf, type ResponseLike } from '../sse/response-body.ts'
import { isChunk } from './chunks.ts'
import { cutAnswer, modelFailure, wrongValue } from './errors.ts'

const NDJSON = /[/+](?:x-)?(?:ndjson|jsonl|json-?lines)$/

/** Names of events that carry the text, and of those that carry none. */
const TEXT_EVENTS = new Set(['message', 'text', 'token', 'chunk', 'content', 'delta'])
const SILENT_EVENTS = new Set(['done', 'complete', 'end', 'close', 'ping', 'heartbeat'])

/** True for a response of lines of JSON. */
export const isOfLines = (response: ResponseLike): boolean => NDJSON.test(mediaTypeOf(response))

/**
 * Reads the chunks of a fetch response: objects of an event stream or of NDJSON, or text.
 *
 * Ends    at `[DONE]`, or with the body; stopping cancels the body.
 * Throws  SourceError `source/failed` for a status beyond 2xx, an event `error`, a body without any event, or one that is
 *         cut inside a text or a line; `source/value` for an answer of a type that no model streams in.
 */
export async function responseChunks(response: ResponseLike): Promise<AsyncIterator<unknown>> {
  const type = mediaTypeOf(response)
  const body = await bodyOf(response)
  if (body === null) return (async function* () {})()
  if (type === 'text/event-stream') return abortableGenerator((signal) => eventChunks(body, signal))
  if (NDJSON.test(type)) return decodeNDJSON(body, undefined, cutAnswer)
  if (type === 'text/html' || type.endsWith('json') || type.endsWith('xml')) {
    await body.cancel()
    const hint = type.endsWith('json')
      ? 'Ask for a stream ("stream": true in the request), or hand on its text.'
      : 'Look at its address: this is a page.'
    throw wrongValue(`The answer is ${type}, and no stream of a model.`, hint)
  }
  return bodyText(body)
}

async function* eventChunks(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  let cut: ReadEvent | undefined
  let isNothing = true
  const events = decodeEvents(body, { onCut: (event) => (cut = event) }, signal)
  // The first event with text decides: a model that writes JSON over events of plain text must not be taken for an SDK.
  let isJson: boolean | undefined
  for await (const event of events) {
    isNothing = false
    if (event.data === '[DONE]') return yield { type: '[DONE]' }
    const parsed = isJson === false ? undefined : parse(event.data)
    const hasText = event.event === undefined || TEXT_EVENTS.has(event.event)
    const isEmpty = event.data.trim() === ''
    if (isChunk(parsed)) isJson = true
    else if (hasText && !isEmpty) isJson ??= parsed !== undefined
    if (isJson && (hasText || isChunk(parsed))) {
      if (parsed !== undefined) yield parsed
      else if (!isEmpty) {
        const start = JSON.stringify(event.data.slice(0, 80))
        throw new SourceError('source/value', `An event is no JSON: ${start}.`)
      }
    } else {
      const text = textOf(event, parsed)
      if (text !== undefined) yield text
    }
  }
  if (cut === undefined && isNothing) throw cutAnswer()
  if (cut === undefined) return
  // Some servers leave out the empty line behind their last event.
  const last = cut.data === '[DONE]' ? { type: '[DONE]' } : parse(cut.data)
  if (isChunk(last)) yield last
  // Chunks of an SDK have a sign for their end, and need no other.
  else if (!isJson) throw cutAnswer()
}

/** Gives the text of an event that holds only text; undefined for one that holds none. */
function textOf({ event, data }: ReadEvent, parsed: unknown): string | undefined {
  if (event === undefined || TEXT_EVENTS.has(event)) return data
  if (event === 'error') throw modelFailure(parsed ?? parse(data) ?? data)
  if (SILENT_EVENTS.has(event)) return undefined
  throw wrongValue(
    `The stream has events named "${event.slice(0, 64)}".`,
    'Read it with readEvents() of swapstream/client, and yield the text of those you want.',
  )
}

function parse(data: string): unknown {
  return data.trimStart().startsWith('{')
    ? tryOr((): unknown => JSON.parse(data), undefined)
    : undefined
}
