import { llm, type Environment, type LlmMessage } from 'swapstream/models'
import { KNOWN_QUESTIONS, script } from './script.ts'

/** Writes the next answer of a conversation. */
export interface Model {
  /** Its name on the page. */
  readonly name: string
  /** Questions to begin with. */
  readonly suggestions: readonly string[]
  /** Yields the answer; stops when `signal` aborts. */
  answer(messages: readonly LlmMessage[], signal: AbortSignal): AsyncIterable<string>
}

const SUGGESTIONS = [
  'Explain server-sent events',
  'Write a haiku about patience',
  'Plan a weekend in Lisbon',
]

/**
 * The model that `MODEL=provider:model` names, through the AI SDK; without it, a script that says so.
 *
 * Throws  an Error of one line that says what to do: provider unknown, key missing, package missing.
 */
export async function chooseModel(env: Environment): Promise<Model> {
  const name = env['MODEL']?.trim()
  if (!name) return { name: 'a script, not a model', suggestions: KNOWN_QUESTIONS, answer: script }
  const model = llm(name, { env, variable: 'MODEL', resolveFrom: import.meta.url })
  await model.ready()
  return {
    name,
    suggestions: SUGGESTIONS,
    answer: (messages, signal) => model.stream(messages, { signal }),
  }
}
