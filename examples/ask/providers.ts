type Environment = Readonly<Record<string, string | undefined>>

/** How a provider is reached through the AI SDK. */
export interface Provider {
  /** The package of the AI SDK, the range that runs on Node 20, and the function that it exports. */
  readonly package: string
  readonly range: string
  readonly create: string
  /** For messages: a value of MODEL. */
  readonly example: string
  /** The variable that chooses this provider when there is no MODEL. */
  readonly chosenBy: string
  defaultModel(env: Environment): string | Promise<string>
  /** What `create` is called with. Throws an Error of one line if a key is missing. */
  settings(env: Environment): object
}

const OPENAI_COMPATIBLE = {
  package: '@ai-sdk/openai-compatible',
  range: '^2',
  create: 'createOpenAICompatible',
} as const

/**
 * The providers that MODEL may name, in the order in which their variables are looked at.
 *
 * A fixed table: what is imported never depends on a word from outside. Whatever else speaks the OpenAI
 * protocol (vLLM, LM Studio, OpenRouter, …) is reached as `openai` with OPENAI_BASE_URL.
 */
export const PROVIDERS: Readonly<Record<string, Provider>> = {
  openai: {
    ...OPENAI_COMPATIBLE,
    example: 'openai:gpt-4.1-mini',
    chosenBy: 'OPENAI_API_KEY',
    defaultModel: () => 'gpt-4.1-mini',
    settings(env) {
      const baseURL = env['OPENAI_BASE_URL']?.trim()
      const apiKey = env['OPENAI_API_KEY']?.trim()
      // A server of one's own often wants no key; OpenAI itself always does.
      if (!apiKey && !baseURL)
        throw new Error(
          'openai needs OPENAI_API_KEY (or OPENAI_BASE_URL, for a server that wants no key).',
        )
      return {
        name: 'openai',
        baseURL: baseURL || 'https://api.openai.com/v1',
        ...(apiKey ? { apiKey } : {}),
      }
    },
  },
  anthropic: {
    package: '@ai-sdk/anthropic',
    range: '^3',
    create: 'createAnthropic',
    example: 'anthropic:claude-haiku-4-5',
    chosenBy: 'ANTHROPIC_API_KEY',
    defaultModel: () => 'claude-haiku-4-5',
    settings(env) {
      const apiKey = env['ANTHROPIC_API_KEY']?.trim()
      if (!apiKey) throw new Error('anthropic needs ANTHROPIC_API_KEY.')
      return { apiKey }
    },
  },
  ollama: {
    ...OPENAI_COMPATIBLE,
    example: 'ollama:llama3.2',
    chosenBy: 'OLLAMA_HOST',
    defaultModel: firstOllamaModel,
    settings: (env) => ({ name: 'ollama', baseURL: `${ollamaUrl(env)}/v1` }),
  },
}

/** OLLAMA_HOST as Ollama itself reads it: scheme and port may be missing, 0.0.0.0 means this machine. */
function ollamaUrl(env: Environment): string {
  const host = env['OLLAMA_HOST']?.trim() || '127.0.0.1'
  const hasScheme = /^https?:\/\//.test(host)
  let url: URL
  try {
    url = new URL(hasScheme ? host : `http://${host}`)
  } catch {
    throw new Error(`OLLAMA_HOST=${host} is no address: write host:port, such as 127.0.0.1:11434.`)
  }
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (!hasScheme && !/:\d+\/?$/.test(host)) url.port = '11434'
  return url.href.replace(/\/+$/, '')
}

/** Ollama has no default model: it has those that were pulled. The one used last stands first. */
async function firstOllamaModel(env: Environment): Promise<string> {
  const url = ollamaUrl(env)
  let models: { name?: string }[]
  try {
    const response = await fetch(`${url}/api/tags`, { signal: AbortSignal.timeout(5_000) })
    models = ((await response.json()) as { models?: { name?: string }[] }).models ?? []
  } catch (cause) {
    throw new Error(`No Ollama answers at ${url}: start it, or unset OLLAMA_HOST.`, { cause })
  }
  const name = models[0]?.name
  if (!name) throw new Error(`Ollama at ${url} has no model yet: ollama pull llama3.2`)
  return name
}
