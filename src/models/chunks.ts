import { abortedModel, modelFailure, type Foreign } from './errors.ts'
import {
  APART,
  content,
  data,
  end,
  file,
  files,
  isFailure,
  mayFinish,
  NONE,
  reasoning,
  sign,
  source,
  text,
  tool,
  tools,
  usage,
  type Pieces,
} from './pieces.ts'

/** Reads one shape of chunk. Throws  SourceError `source/failed` for a chunk that reports an error. */
type Read = (chunk: Foreign) => Pieces

const OPEN = sign('open')
const CLOSE = sign('close')
const STEP = sign('close', 'apart')

/** AI SDK 5 to 7 say `text`, the providers below it `delta`, AI SDK 4 `textDelta`. */
const deltaOf = (chunk: Foreign): unknown => chunk.text ?? chunk.delta ?? chunk.textDelta
const textDelta: Read = (chunk) => text(deltaOf(chunk))
const reasoningDelta: Read = (chunk) => reasoning(deltaOf(chunk), chunk)
const sourceChunk: Read = (chunk) => source(chunk, chunk)
const toolChunk: Read = (chunk) => tool(chunk.toolName ?? chunk.name, chunk)
const fileChunk: Read = (chunk) => file(chunk.file ?? chunk, chunk)
const metadata: Read = (chunk) =>
  chunk.messageMetadata === undefined
    ? NONE
    : data('message-metadata', chunk.messageMetadata, chunk)
const cohereContent: Read = (chunk) => content(chunk.delta?.message?.content, chunk)
const failure: Read = (chunk) => {
  throw modelFailure(chunk.error ?? chunk)
}

/** The AI SDK finishes cut answers, too: its version 6 with a reason that no provider has named. */
function finishOfAiSdk(chunk: Foreign): Pieces {
  const { finishReason, totalUsage, usage: counts } = chunk
  const reason = finishReason?.unified ?? finishReason
  const raw = finishReason?.raw ?? chunk.rawFinishReason
  const isCut = reason === 'other' && raw === undefined && 'rawFinishReason' in chunk
  const finished = isCut ? 'unknown' : isFailure(raw) ? raw : reason
  return [...metadata(chunk), ...end(totalUsage ?? counts, finished, chunk)]
}

/** Chunks that name their type. */
const BY_TYPE: Readonly<Record<string, Read>> = {
  // AI SDK, its UI messages included.
  text: textDelta,
  reasoning: reasoningDelta,
  usage: (chunk) => usage(chunk, chunk),
  // Without the name of its text, nothing says whether the next one goes on with it.
  'text-delta': (chunk) => [...textDelta(chunk), ...(chunk.id === undefined ? NONE : OPEN)],
  'reasoning-delta': reasoningDelta,
  source: sourceChunk,
  'source-url': sourceChunk,
  'source-document': sourceChunk,
  'text-start': () => CLOSE,
  'text-end': () => CLOSE,
  'start-step': () => STEP,
  'finish-step': () => STEP,
  'step-start': () => STEP,
  'step-finish': () => STEP,
  file: fileChunk,
  'reasoning-file': fileChunk,
  start: metadata,
  'message-metadata': metadata,
  custom: (chunk) => data(chunk.kind ?? 'custom', chunk, chunk),
  finish: finishOfAiSdk,
  error: failure,
  abort() {
    throw abortedModel()
  },

  // Anthropic.
  message_start: (chunk) => usage(chunk.message?.usage, chunk),
  content_block_start(chunk) {
    const block: Foreign = chunk.content_block
    if (block?.type === 'text') return text(block.text)
    return String(block?.type).endsWith('tool_use') ? tool(block.name, chunk) : APART
  },
  content_block_delta(chunk) {
    const delta: Foreign = chunk.delta
    if (delta?.type === 'text_delta') return text(delta.text)
    if (delta?.type === 'thinking_delta') return reasoning(delta.thinking, chunk)
    if (delta?.type === 'citations_delta') return source(delta.citation, chunk)
    return delta?.type === 'input_json_delta' ? tool(undefined, chunk) : NONE
  },
  message_delta: (chunk) => [
    ...usage(chunk.usage, chunk),
    ...mayFinish(chunk.delta?.stop_reason, chunk),
  ],
  message_stop: () => sign('whole'),

  // OpenAI responses. A refusal is what the model answers, so it is text.
  'response.output_text.delta': textDelta,
  'response.refusal.delta': textDelta,
  'response.audio.delta': fileChunk,
  'response.audio.transcript.delta': textDelta,
  'response.output_audio.delta': fileChunk,
  'response.output_audio_transcript.delta': textDelta,
  'response.reasoning_text.delta': reasoningDelta,
  'response.reasoning_summary_text.delta': reasoningDelta,
  'response.output_text.annotation.added': (chunk) => source(chunk.annotation, chunk),
  'response.output_item.added': (chunk) =>
    String(chunk.item?.type).endsWith('_call') ? tool(chunk.item.name, chunk) : APART,
  'response.image_generation_call.partial_image': (chunk) => file(chunk, chunk),
  'response.function_call_arguments.delta': toolChunk,
  'response.function_call_arguments.done': toolChunk,
  'response.completed': (chunk) => end(chunk.response?.usage, 'stop', chunk),
  'response.incomplete': (chunk) =>
    end(chunk.response?.usage, chunk.response?.incomplete_details?.reason, chunk),
  'response.failed': (chunk) => failure({ error: chunk.response?.error ?? chunk }),

  // Cohere. Its plan is no answer.
  'content-start': cohereContent,
  'content-delta': cohereContent,
  'tool-plan-delta': (chunk) =>
    reasoning(chunk.delta?.message?.tool_plan ?? chunk.delta?.message?.toolPlan, chunk),
  'citation-start': (chunk) =>
    source(chunk.delta?.message?.citations?.sources?.[0]?.document, chunk),
  'message-end': ({ delta, ...chunk }) =>
    end(delta?.usage?.tokens, delta?.finish_reason ?? delta?.finishReason, { ...chunk, delta }),

  // The last event of many servers, as its reader names it.
  '[DONE]': () => sign('whole'),
}

/** Types of answers that end with a sign. */
const WITH_END =
  /^(?:start(?:-step)?|(?:text|reasoning)-start|message[_-]start|content_block_.*|content-(?:start|delta)|response\..*)$/
/** Types without a part, those included that providers have yet to invent. */
const SILENT =
  /^(?:message-start|ping|raw|content_block_stop|object|(?:content|citation)-end|reasoning-(?:start|end)|response\..*)$/
/** Our own parts, which a recording plays back; `raw` tells them from chunks of the AI SDK. */
const OWN = new Set(['reasoning', 'source', 'tool', 'usage', 'finish', 'file', 'data'])

function typed(chunk: Foreign): Pieces | 'unknown' {
  const type: string = chunk.type
  // The texts between our own parts are apart already.
  if (OWN.has(type) && 'raw' in chunk) return [chunk, ...OPEN]
  if (Object.hasOwn(BY_TYPE, type)) return BY_TYPE[type]!(chunk)
  if (type.startsWith('tool-')) return toolChunk(chunk)
  if (type.startsWith('data-')) return data(type.slice(5), chunk.data, chunk)
  return SILENT.test(type) ? NONE : 'unknown'
}

/** Mistral spells it its own way. */
const reasonOf = (choice: Foreign): unknown =>
  choice?.finish_reason === undefined ? choice?.finishReason : choice.finish_reason

const chatOfOpenAI: Read = (chunk) => {
  // Several answers are wanted apart, not mixed; the first one is the answer.
  const choice = chunk.choices.find((one: Foreign) => (one?.index ?? 0) === 0)
  const delta = choice?.delta
  return [
    ...reasoning(delta?.reasoning_content ?? delta?.reasoning, chunk),
    ...content(delta?.content ?? choice?.text, chunk),
    ...text(delta?.refusal ?? delta?.audio?.transcript),
    ...tools(delta?.tool_calls ?? delta?.toolCalls, chunk),
    ...files(delta?.audio?.data === undefined ? delta?.images : [delta.audio], chunk),
    ...usage(chunk.usage, chunk),
    ...mayFinish(reasonOf(choice), chunk),
  ]
}

const ollama: Read = (chunk) => [
  ...reasoning(chunk.message?.thinking ?? chunk.thinking, chunk),
  // The old protocol, which only completes a text, says `response`, and leaves it out when it is empty.
  ...text(chunk.message?.content ?? chunk.response),
  ...tools(chunk.message?.tool_calls, chunk),
  ...files(chunk.message?.images, chunk),
  ...(chunk.done ? end(chunk, chunk.done_reason, chunk) : NONE),
]

/** Gemini counts anew in each chunk: the last one, with the reason, has the whole. */
const gemini: Read = (chunk) => {
  const candidate = chunk.candidates?.find((one: Foreign) => (one?.index ?? 0) === 0)
  const parts: readonly Foreign[] = candidate?.content?.parts ?? []
  const grounds: readonly Foreign[] = candidate?.groundingMetadata?.groundingChunks ?? []
  const reason = candidate?.finishReason ?? chunk.promptFeedback?.blockReason
  return [
    ...parts.flatMap((part): Pieces => {
      if (part.text !== undefined)
        return part.thought ? reasoning(part.text, chunk) : text(part.text)
      const isFile = part.inlineData ?? part.fileData
      return isFile ? file(isFile, chunk) : tool(part.functionCall?.name, chunk)
    }),
    ...grounds.flatMap(({ web }) => source({ url: web?.uri, title: web?.title }, chunk)),
    ...(reason === undefined && candidate ? NONE : usage(chunk.usageMetadata, chunk)),
    ...mayFinish(reason, chunk),
  ]
}

const langChain: Read = (chunk) => {
  const { finish_reason, finishReason, stop_reason } = chunk.response_metadata ?? {}
  return [
    ...reasoning(chunk.additional_kwargs?.reasoning_content, chunk),
    ...content(chunk.content, chunk),
    ...tools(chunk.tool_call_chunks, chunk),
    ...usage(chunk.usage_metadata, chunk),
    ...mayFinish(finish_reason ?? finishReason ?? stop_reason, chunk),
  ]
}

/** Cloudflare's Workers AI: the text alone, and `[DONE]`. */
const workersAi: Read = (chunk) => [
  ...text(chunk.response),
  ...tools(chunk.tool_calls, chunk),
  ...usage(chunk.usage, chunk),
]

/** The server of llama.cpp, under its own address `/completion`. */
const llamaCpp: Read = (chunk) => [
  ...text(chunk.content),
  ...(chunk.stop
    ? end(chunk, chunk.stop_type ?? (chunk.stopped_limit ? 'limit' : 'stop'), chunk)
    : NONE),
]

/** In this order: a message of LangChain has a type, too, which names its author. */
const SHAPES: readonly (readonly [is: (chunk: Foreign) => unknown, read: Read | typeof typed])[] = [
  [(chunk) => isLangChain(chunk), langChain],
  [(chunk) => typeof chunk.type === 'string', typed],
  [(chunk) => chunk.error, failure],
  [(chunk) => Array.isArray(chunk.choices), chatOfOpenAI],
  [(chunk) => typeof chunk.done === 'boolean', ollama],
  [(chunk) => isGemini(chunk), gemini],
  [(chunk) => typeof chunk.response === 'string', workersAi],
  [(chunk) => isLlamaCpp(chunk), llamaCpp],
]

const isLangChain = (chunk: Foreign): boolean =>
  'content' in chunk && (typeof chunk.text === 'string' || 'response_metadata' in chunk)
const isLlamaCpp = ({ content: written, stop }: Foreign): boolean =>
  typeof written === 'string' && typeof stop === 'boolean'
const isGemini = ({ candidates, promptFeedback, usageMetadata }: Foreign): boolean =>
  Array.isArray(candidates) || Boolean(promptFeedback ?? usageMetadata)

/** Mistral's SDK hands on events with the chunk as their data. */
const unwrapped = (chunk: Foreign): Foreign =>
  Array.isArray(chunk.data?.choices) ? chunk.data : chunk

/** Reads a chunk of an SDK. Out: undefined for an object that is none, `unknown` for a type that we do not know. */
export function readChunk(object: Foreign): Pieces | 'unknown' | undefined {
  const chunk = unwrapped(object)
  return SHAPES.find(([is]) => is(chunk))?.[1](chunk)
}

/**
 * True when the answer of a chunk ends with a sign: without it the answer was cut. Parts that a program makes by hand
 * have none: the AI SDK gives each text an id, and OpenAI each chunk of a list its `finish_reason`.
 */
export function hasEndSign(object: Foreign, isList: boolean): boolean {
  const chunk = unwrapped(object)
  const { type, id, choices, done } = chunk
  if (isLangChain(chunk)) return false
  if (typeof type === 'string')
    return (
      WITH_END.test(type) || (typeof id === 'string' && /^(?:text|reasoning)-delta$/.test(type))
    )
  if (!Array.isArray(choices))
    return (
      typeof done === 'boolean' ||
      typeof chunk.response === 'string' ||
      isGemini(chunk) ||
      isLlamaCpp(chunk)
    )
  return !isList || choices.some((choice) => reasonOf(choice) !== undefined)
}

/** Tells the chunk of an SDK from an object that a model wrote. */
export function isChunk(value: Foreign): boolean {
  return Boolean(
    typeof value?.type === 'string' ||
    Array.isArray(value?.choices) ||
    typeof value?.done === 'boolean' ||
    typeof value?.error === 'object' ||
    typeof value?.response === 'string' ||
    (value && (isGemini(value) || isLlamaCpp(value))),
  )
}
