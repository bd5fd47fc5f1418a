import { field } from './field.ts'
import { modelFailure } from './model-failure.ts'
import { emitFinish, emitReasoning, emitSource, emitText, emitTool, emitUsage } from './emit.ts'
import type { Emit } from './part.ts'

type Reader = (chunk: object, emit: Emit) => void

const fail: Reader = (chunk) => {
  throw modelFailure(field(chunk, 'error') ?? chunk)
}
const text: Reader = (chunk, emit) =>
  // AI SDK 5 to 7 say `text`, the providers below it `delta`, AI SDK 4 `textDelta`.
  emitText(field(chunk, 'text') ?? field(chunk, 'delta') ?? field(chunk, 'textDelta'), emit)
const reasoning: Reader = (chunk, emit) =>
  emitReasoning(
    field(chunk, 'text') ?? field(chunk, 'delta') ?? field(chunk, 'textDelta'),
    chunk,
    emit,
  )
const source: Reader = (chunk, emit) => emitSource(chunk, chunk, emit)
const tool: Reader = (chunk, emit) =>
  emitTool(field(chunk, 'toolName') ?? field(chunk, 'name'), chunk, emit)
const nothing: Reader = () => {}

/** By the name of the type. What is known and says nothing stands here too, since a stream of strangers is refused. */
const READERS: Readonly<Record<string, Reader>> = {
  // Our own parts, which a recording plays back.
  text,
  reasoning,
  usage: (chunk, emit) => emitUsage(chunk, chunk, emit),

  // AI SDK, its UI messages included.
  'text-delta': text,
  'reasoning-delta': reasoning,
  source,
  'source-url': source,
  'source-document': source,
  finish(chunk, emit) {
    emitUsage(field(chunk, 'totalUsage') ?? field(chunk, 'usage'), chunk, emit)
    emitFinish(field(chunk, 'finishReason'), chunk, emit)
  },
  error: fail,
  abort() {
    throw new DOMException('The model was aborted before its answer was whole.', 'AbortError')
  },

  // Anthropic.
  message_start: (chunk, emit) => emitUsage(field(field(chunk, 'message'), 'usage'), chunk, emit),
  content_block_start(chunk, emit) {
    const block = field(chunk, 'content_block')
    const type = field(block, 'type')
    if (type === 'text') emitText(field(block, 'text'), emit)
    else if (typeof type === 'string' && type.endsWith('tool_use'))
      emitTool(field(block, 'name'), chunk, emit)
  },
  content_block_delta(chunk, emit) {
    const delta = field(chunk, 'delta')
    const type = field(delta, 'type')
    if (type === 'text_delta') emitText(field(delta, 'text'), emit)
    else if (type === 'thinking_delta') emitReasoning(field(delta, 'thinking'), chunk, emit)
    else if (type === 'citations_delta') emitSource(field(delta, 'citation'), chunk, emit)
    else if (type === 'input_json_delta') emitTool(undefined, chunk, emit)
  },
  message_delta(chunk, emit) {
    emitUsage(field(chunk, 'usage'), chunk, emit)
    const reason = field(field(chunk, 'delta'), 'stop_reason')
    if (reason) emitFinish(reason, chunk, emit)
  },

  // OpenAI responses. A refusal is what the model answers, so it is text.
  'response.output_text.delta': text,
  'response.refusal.delta': text,
  'response.reasoning_text.delta': reasoning,
  'response.reasoning_summary_text.delta': reasoning,
  'response.output_text.annotation.added': (chunk, emit) =>
    emitSource(field(chunk, 'annotation'), chunk, emit),
  'response.output_item.added'(chunk, emit) {
    const item = field(chunk, 'item')
    if (String(field(item, 'type')).endsWith('_call')) emitTool(field(item, 'name'), chunk, emit)
  },
  'response.function_call_arguments.delta': tool,
  'response.function_call_arguments.done': tool,
  'response.completed'(chunk, emit) {
    emitUsage(field(field(chunk, 'response'), 'usage'), chunk, emit)
    emitFinish('stop', chunk, emit)
  },
  'response.incomplete'(chunk, emit) {
    const response = field(chunk, 'response')
    emitUsage(field(response, 'usage'), chunk, emit)
    emitFinish(field(field(response, 'incomplete_details'), 'reason'), chunk, emit)
  },
  'response.failed': (chunk) => {
    throw modelFailure(field(field(chunk, 'response'), 'error') ?? chunk)
  },
}

/** Types that say nothing for us, and will not say it in ways that are not invented yet. */
const SILENT =
  /^(?:start|ping|raw|file|message_stop|content_block_stop|message-metadata|object)$|^(?:start-step|finish-step|text-(?:start|end)|reasoning-(?:start|end|file)|data-.*|response\..*|tool-.*)$/

/**
 * Reads a chunk that names its type: AI SDK, Anthropic, OpenAI responses, our own parts.
 *
 * Out     false for a type that nobody has heard of.
 * Throws  SourceError `source/failed` for a chunk that reports an error.
 */
export function readTyped(chunk: { readonly type: string }, emit: Emit): boolean {
  const { type } = chunk
  if (OWN.has(type) && 'raw' in chunk) {
    emit(chunk as never)
    return true
  }
  const reader = Object.hasOwn(READERS, type)
    ? READERS[type]!
    : type.startsWith('tool-')
      ? tool
      : nothing
  reader(chunk, emit)
  return reader !== nothing || SILENT.test(type)
}

const OWN = new Set(['reasoning', 'source', 'tool', 'usage', 'finish'])
