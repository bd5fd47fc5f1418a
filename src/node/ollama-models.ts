import { ConfigError } from '../shared/errors.ts'
import { MODEL_PROVIDERS } from './model-providers.ts'
import { addressOf, type Environment } from './model-settings.ts'

/** A server that is there answers at once. */
const TIMEOUT_MS = 5_000

/** Which Ollama is asked. */
export interface OllamaModelsOptions {
  /** Where `OLLAMA_HOST` is read. Default `process.env`. */
  readonly env?: Environment
}

/**
 * The models that Ollama has, the one used last first: it has no default, only those that were pulled.
 *
 * Out     their names, at least one.
 * Cost    one request, at most 5 s.
 * Throws  ConfigError `config/invalid`, one line: a wrong address, nobody there, no model yet.
 *
 * @param options.env Where the address is read.
 * @example
 * const [newest] = await ollamaModels().catch(() => ['llama3.2'])
 * const model = llm(`ollama:${newest}`)
 */
export async function ollamaModels({ env = process.env }: OllamaModelsOptions = {}): Promise<
  string[]
> {
  const ollama = MODEL_PROVIDERS['ollama']!
  const url = (
    addressOf(ollama, env['OLLAMA_HOST']?.trim() || undefined) ?? ollama.baseURL!
  ).replace(/\/v1$/, '')
  let names: string[]
  try {
    const response = await fetch(`${url}/api/tags`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const { models } = (await response.json()) as { models?: { name?: string }[] }
    names = (models ?? []).flatMap(({ name }) => name ?? [])
  } catch (cause) {
    throw new ConfigError(
      'config/invalid',
      `No Ollama answers at ${url}: start it, or unset OLLAMA_HOST.`,
      { cause },
    )
  }
  if (names.length > 0) return names
  throw new ConfigError('config/invalid', `Ollama at ${url} has no model yet: ollama pull llama3.2`)
}
