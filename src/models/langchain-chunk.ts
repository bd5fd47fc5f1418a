import { emitFinish, emitReasoning, emitText, emitTool, emitUsage } from './emit.ts'
import { field } from './field.ts'
import type { Emit } from './part.ts'
import { hasItems } from './untyped-chunk.ts'

/** Whether this is a message chunk of LangChain: its `type` is who speaks, so it must not be read by it. */
export function isLangChain(chunk: object): boolean {
  return typeof field(chunk, 'text') === 'string' && 'content' in chunk
}

/** Reads a message chunk of LangChain: its text is a getter over a list of parts. */
export function readLangChain(chunk: object, emit: Emit): void {
  const content = field(chunk, 'content')
  for (const block of Array.isArray(content) ? content : []) {
    emitReasoning(field(block, 'reasoning') ?? field(block, 'thinking'), chunk, emit)
  }
  emitReasoning(field(field(chunk, 'additional_kwargs'), 'reasoning_content'), chunk, emit)
  emitText(field(chunk, 'text'), emit)
  if (hasItems(field(chunk, 'tool_call_chunks'))) emitTool(undefined, chunk, emit)
  emitUsage(field(chunk, 'usage_metadata'), chunk, emit)
  const metadata = field(chunk, 'response_metadata')
  const reason = field(metadata, 'finish_reason') ?? field(metadata, 'stop_reason')
  if (typeof reason === 'string') emitFinish(reason, chunk, emit)
}
