import { abortedModel, modelFailure, type Foreign } from './errors.ts'

/** A chunk of the answer itself. */
export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

/** A part beside the answer. `raw` is the provider's own object, where one exists, with all that has no field here. */
export type NonTextPart =
  | { readonly type: 'reasoning'; readonly text: string; readonly raw: unknown }
  | {
      readonly type: 'source'
      readonly url?: string
      readonly title?: string
      readonly raw: unknown
    }
  | { readonly type: 'tool'; readonly name?: string; readonly raw: unknown }
  | {
      readonly type: 'usage'
      readonly inputTokens?: number
      readonly outputTokens?: number
      readonly raw: unknown
    }
  | { readonly type: 'finish'; readonly reason?: string; readonly raw: unknown }

/** Any part of a model's answer, in one form for all providers. */
export type Part = TextPart | NonTextPart

type Parts = readonly Part[]
/** Reads one shape of chunk. Throws  SourceError `source/failed` for a chunk that reports an error. */
type Read = (chunk: Foreign) => Parts

const NONE: Parts = []

/** Leaves out fields that a provider omits or fills with something else. */
const filled = (type: 'string' | 'number', fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === type))

// One function for each kind of part; none comes of what the provider left out.

export const text = (value: unknown): Parts =>
  typeof value === 'string' && value !== '' ? [{ type: 'text', text: value }] : NONE

const reasoning = (value: unknown, raw: unknown): Parts =>
  typeof value === 'string' && value !== '' ? [{ type: 'reasoning', text: value, raw }] : NONE

const tool = (name: unknown, raw: unknown): Parts => [
  { type: 'tool', ...filled('string', { name }), raw },
]

/** For providers that list their calls: one part for all of a chunk. */
const tools = (calls: unknown, raw: unknown): Parts =>
  Array.isArray(calls) && calls.length > 0 ? tool(undefined, raw) : NONE

function source(from: Foreign, raw: unknown): Parts {
  const fields = { url: from?.url, title: from?.title ?? from?.document_title }
  return [{ type: 'source', ...filled('string', fields), raw }]
}

/** Each provider counts under names of its own. */
const INPUT = 'inputTokens input_tokens prompt_tokens prompt_eval_count promptTokens'.split(' ')
const OUTPUT = 'outputTokens output_tokens completion_tokens eval_count completionTokens'.split(' ')

function usage(counts: Foreign, raw: unknown): Parts {
  const first = (names: readonly string[]): unknown =>
    names.map((name) => counts?.[name]).find((count) => typeof count === 'number')
  const fields = filled('number', { inputTokens: first(INPUT), outputTokens: first(OUTPUT) })
  return Object.keys(fields).length === 0 ? NONE : [{ type: 'usage', ...fields, raw }]
}

const finish = (reason: unknown, raw: unknown): Parts => [
  { type: 'finish', ...filled('string', { reason }), raw },
]

const end = (counts: Foreign, reason: unknown, raw: unknown): Parts => [
  ...usage(counts, raw),
  ...finish(reason, raw),
]

/** For providers whose chunks say only once why the model finished. */
const mayFinish = (reason: unknown, raw: unknown): Parts =>
  typeof reason === 'string' ? finish(reason, raw) : NONE

/** AI SDK 5 to 7 say `text`, the providers below it `delta`, AI SDK 4 `textDelta`. */
const deltaOf = (chunk: Foreign): unknown => chunk.text ?? chunk.delta ?? chunk.textDelta
const textDelta: Read = (chunk) => text(deltaOf(chunk))
const reasoningDelta: Read = (chunk) => reasoning(deltaOf(chunk), chunk)
const sourceChunk: Read = (chunk) => source(chunk, chunk)
const toolChunk: Read = (chunk) => tool(chunk.toolName ?? chunk.name, chunk)
const failure: Read = (chunk) => {
  throw modelFailure(chunk.error ?? chunk)
}

/** Chunks that name their type. */
const BY_TYPE: Readonly<Record<string, Read>> = {
  // AI SDK, its UI messages included.
  text: textDelta,
  reasoning: reasoningDelta,
  usage: (chunk) => usage(chunk, chunk),
  'text-delta': textDelta,
  'reasoning-delta': reasoningDelta,
  source: sourceChunk,
  'source-url': sourceChunk,
  'source-document': sourceChunk,
  finish: (chunk) => end(chunk.totalUsage ?? chunk.usage, chunk.finishReason, chunk),
  error: failure,
  abort() {
    throw abortedModel()
  },

  // Anthropic.
  message_start: (chunk) => usage(chunk.message?.usage, chunk),
  content_block_start(chunk) {
    const block: Foreign = chunk.content_block
    if (block?.type === 'text') return text(block.text)
    return String(block?.type).endsWith('tool_use') ? tool(block.name, chunk) : NONE
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

  // OpenAI responses. A refusal is what the model answers, so it is text.
  'response.output_text.delta': textDelta,
  'response.refusal.delta': textDelta,
  'response.reasoning_text.delta': reasoningDelta,
  'response.reasoning_summary_text.delta': reasoningDelta,
  'response.output_text.annotation.added': (chunk) => source(chunk.annotation, chunk),
  'response.output_item.added': (chunk) =>
    String(chunk.item?.type).endsWith('_call') ? tool(chunk.item.name, chunk) : NONE,
  'response.function_call_arguments.delta': toolChunk,
  'response.function_call_arguments.done': toolChunk,
  'response.completed': (chunk) => end(chunk.response?.usage, 'stop', chunk),
  'response.incomplete': (chunk) =>
    end(chunk.response?.usage, chunk.response?.incomplete_details?.reason, chunk),
  'response.failed': (chunk) => failure({ error: chunk.response?.error ?? chunk }),
}

/** Types without a part, those included that providers have yet to invent. */
const SILENT =
  /^(?:start|ping|raw|file|message_stop|content_block_stop|message-metadata|object|start-step|finish-step|text-(?:start|end)|reasoning-(?:start|end|file)|data-.*|response\..*)$/
/** Our own parts, which a recording plays back; `raw` tells them from chunks of the AI SDK. */
const OWN = new Set(['reasoning', 'source', 'tool', 'usage', 'finish'])

function typed(chunk: Foreign): Parts | 'unknown' {
  const type: string = chunk.type
  if (OWN.has(type) && 'raw' in chunk) return [chunk]
  if (Object.hasOwn(BY_TYPE, type)) return BY_TYPE[type]!(chunk)
  if (type.startsWith('tool-')) return toolChunk(chunk)
  return SILENT.test(type) ? NONE : 'unknown'
}

const chatOfOpenAI: Read = (chunk) => {
  // Several answers are wanted apart, not mixed; the first one is the answer.
  const choice = chunk.choices.find((one: Foreign) => (one?.index ?? 0) === 0)
  const delta = choice?.delta
  return [
    ...reasoning(delta?.reasoning_content ?? delta?.reasoning, chunk),
    ...text(delta?.content ?? choice?.text),
    ...text(delta?.refusal),
    ...tools(delta?.tool_calls, chunk),
    ...usage(chunk.usage, chunk),
    ...mayFinish(choice?.finish_reason, chunk),
  ]
}

const ollama: Read = (chunk) => [
  ...reasoning(chunk.message?.thinking ?? chunk.thinking, chunk),
  // The old protocol, which only completes a text, says `response`, and leaves it out when it is empty.
  ...text(chunk.message?.content ?? chunk.response),
  ...tools(chunk.message?.tool_calls, chunk),
  ...(chunk.done ? end(chunk, chunk.done_reason, chunk) : NONE),
]

const langChain: Read = (chunk) => {
  const blocks: readonly Foreign[] = Array.isArray(chunk.content) ? chunk.content : []
  const metadata = chunk.response_metadata
  return [
    ...blocks.flatMap((block) => reasoning(block?.reasoning ?? block?.thinking, chunk)),
    ...reasoning(chunk.additional_kwargs?.reasoning_content, chunk),
    ...text(chunk.text),
    ...tools(chunk.tool_call_chunks, chunk),
    ...usage(chunk.usage_metadata, chunk),
    ...mayFinish(metadata?.finish_reason ?? metadata?.stop_reason, chunk),
  ]
}

/** In this order: a message of LangChain has a type, too, which names its author. */
const SHAPES: readonly (readonly [is: (chunk: Foreign) => boolean, read: Read | typeof typed])[] = [
  [(chunk) => typeof chunk.text === 'string' && 'content' in chunk, langChain],
  [(chunk) => typeof chunk.type === 'string', typed],
  [(chunk) => Boolean(chunk.error), failure],
  [(chunk) => Array.isArray(chunk.choices), chatOfOpenAI],
  [(chunk) => typeof chunk.done === 'boolean', ollama],
]

/** Reads a chunk of an SDK. Out: undefined for an object that is none, `unknown` for a type that we do not know. */
export function readChunk(chunk: object): Parts | 'unknown' | undefined {
  return SHAPES.find(([is]) => is(chunk))?.[1](chunk)
}

/** Tells the chunk of an SDK from an object that a model wrote. */
export function isChunk(value: Foreign): boolean {
  return (
    typeof value?.type === 'string' ||
    Array.isArray(value?.choices) ||
    typeof value?.done === 'boolean' ||
    typeof value?.error === 'object'
  )
}
