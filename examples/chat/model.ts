import { llm, type Environment, type LlmMessage } from 'swapstream/models'
import { KNOWN_BY_HEART, script } from './script.ts'

/** Writes what comes next in a conversation. */
export interface Model {
  /** What the page calls it. */
  readonly name: string
  /** What to begin with. */
  readonly suggestions: readonly string[]
  /** The answer, piece by piece; stops when `signal` aborts. */
  answer(messages: readonly LlmMessage[], signal: AbortSignal): AsyncIterable<string>
}

const SUGGESTIONS = [
  'Explain server-sent events',
  'Write a haiku about patience',
  'Plan a weekend in Lisbon',
]

/**
 * The model that `MODEL=provider:model` names, through the AI SDK; without it, a script that says that it is one.
 *
 * Throws  an Error of one line that says what to do: provider unknown, key missing, package missing.
 */
export async function chooseModel(env: Environment): Promise<Model> {
  const name = env['MODEL']?.trim()
  if (!name) return { name: 'a script, not a model', suggestions: KNOWN_BY_HEART, answer: script }
  const model = llm(name, { env, variable: 'MODEL', resolveFrom: import.meta.url })
  await model.ready()
  return {
    name,
    suggestions: SUGGESTIONS,
    answer: (messages, signal) => model.stream(messages, { signal }),
  }
}
