import { setTimeout as sleep } from 'node:timers/promises'
import { llm, type Llm, type LlmMessage } from 'swapstream/models'

let model: Llm | undefined

/**
 * Loads the model that `MODEL` names as provider:model. Without it a script answers.
 *
 * Throws  an Error of one line that says what to do: unknown provider, missing key, missing package.
 */
export async function loadModel(name = process.env['MODEL']?.trim()): Promise<void> {
  if (!name) return
  const system = 'Answer in a few sentences of Markdown.'
  const named = llm(name, { system, variable: 'MODEL', resolveFrom: import.meta.url })
  await named.ready()
  model = named
}

/** The name of the model; undefined while a script answers. */
export function modelName(): string | undefined {
  return model?.name
}

/** Writes an answer until `signal` aborts: the model's, or `scripted` word by word. */
export function write(
  prompt: string | readonly LlmMessage[],
  scripted: string,
  signal: AbortSignal,
): AsyncIterable<string> {
  return model ? model.stream(prompt, { signal }) : script(scripted, signal)
}

async function* script(text: string, signal: AbortSignal): AsyncGenerator<string> {
  for (const word of text.split(/(?<= |\n)/)) {
    await sleep(25, undefined, { signal })
    yield word
  }
}
