import { emitFinish, emitReasoning, emitText, emitTool, emitUsage } from './emit.ts'
import { field } from './field.ts'
import type { Emit } from './part.ts'

/**
 * Reads a chunk that names no type: OpenAI chat, Ollama.
 *
 * Out     false when it is neither.
 */
export function readUntyped(chunk: object, emit: Emit): boolean {
  const choices = field(chunk, 'choices')
  if (Array.isArray(choices)) {
    readChoices(choices, chunk, emit)
    return true
  }
  if (typeof field(chunk, 'done') !== 'boolean') return false
  const message = field(chunk, 'message')
  // The old protocol of Ollama, which only completes a text, says `response`, and leaves it out when it is empty.
  emitReasoning(field(message, 'thinking') ?? field(chunk, 'thinking'), chunk, emit)
  emitText(field(message, 'content') ?? field(chunk, 'response'), emit)
  if (hasItems(field(message, 'tool_calls'))) emitTool(undefined, chunk, emit)
  if (field(chunk, 'done') === true) {
    emitUsage(chunk, chunk, emit)
    emitFinish(field(chunk, 'done_reason'), chunk, emit)
  }
  return true
}

function readChoices(choices: readonly unknown[], chunk: object, emit: Emit): void {
  // Who asked for several answers wants them apart, not mixed; the first one is the answer.
  const choice = choices.find((one) => (field(one, 'index') ?? 0) === 0)
  const delta = field(choice, 'delta')
  emitReasoning(field(delta, 'reasoning_content') ?? field(delta, 'reasoning'), chunk, emit)
  emitText(field(delta, 'content') ?? field(choice, 'text'), emit)
  emitText(field(delta, 'refusal'), emit)
  if (hasItems(field(delta, 'tool_calls'))) emitTool(undefined, chunk, emit)
  emitUsage(field(chunk, 'usage'), chunk, emit)
  const reason = field(choice, 'finish_reason')
  if (typeof reason === 'string') emitFinish(reason, chunk, emit)
}

export function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}
