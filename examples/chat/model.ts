import { llm, type Environment, type LlmMessage } from 'swapstream/models'
import type { Language } from './languages/language.ts'
import { script } from './script.ts'

/** Writes the next answer of a conversation. */
export interface Model {
  /** Its name on the page. A script has none. */
  readonly name?: string
  /** Questions to begin with. Default: those of the page's language. */
  readonly suggestions?: readonly string[]
  /** Yields the answer; stops when `signal` aborts. A model answers in the language of the question. */
  answer(
    messages: readonly LlmMessage[],
    signal: AbortSignal,
    language: Language,
  ): AsyncIterable<string>
}

/**
 * The model that `MODEL=provider:model` names, through the AI SDK; without it, a script that says so.
 *
 * Throws  an Error of one line that says what to do: provider unknown, key missing, package missing.
 */
export async function chooseModel(env: Environment): Promise<Model> {
  const name = env['MODEL']?.trim()
  if (!name) return { answer: script }
  const model = llm(name, { env, variable: 'MODEL', resolveFrom: import.meta.url })
  await model.ready()
  return { name, answer: (messages, signal) => model.stream(messages, { signal }) }
}
