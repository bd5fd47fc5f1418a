import { ConfigError, didYouMean } from '../shared/errors.ts'

/** Variables by their names, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** How one provider is reached through the AI SDK. */
interface ModelProvider {
  /** The package, the range that also runs on Node 20, and the function that it exports. */
  readonly package: string
  readonly range: string
  readonly create: string
  /** More that the function is called with. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** A model, for messages. */
  readonly example: string
  /** The address; none when the package knows it, or each server has its own. */
  readonly baseURL?: string
  /** Where it answers without a key: always, or at an address of one's own. */
  readonly keyless?: 'always' | 'own-address'
}

const COMPATIBLE = {
  package: '@ai-sdk/openai-compatible',
  range: '^2',
  create: 'createOpenAICompatible',
} as const
/** Those that are known to count tokens when they are asked to; others refuse the question. */
const COUNTING = { ...COMPATIBLE, settings: { includeUsage: true } } as const
const RESPONSES = { package: '@ai-sdk/openai', range: '^3', create: 'createOpenAI' } as const
const ANTHROPIC = { package: '@ai-sdk/anthropic', range: '^3', create: 'createAnthropic' } as const
const LOCAL = 'http://127.0.0.1'

/**
 * The providers that a name may begin with. The table is fixed, so that what is imported never depends on a word from
 * outside. Whatever else speaks the chat protocol of OpenAI is `compatible` with an address. Each reads its key from
 * `<NAME>_API_KEY` and its address from `<NAME>_BASE_URL`, Ollama from `OLLAMA_HOST`.
 */
const PROVIDERS: Readonly<Record<string, ModelProvider>> = {
  openai: {
    ...COUNTING,
    example: 'gpt-4.1-mini',
    baseURL: 'https://api.openai.com/v1',
    // A server of one's own often wants no key; OpenAI itself always does.
    keyless: 'own-address',
  },
  anthropic: { ...ANTHROPIC, example: 'claude-haiku-4-5' },
  ollama: { ...COUNTING, example: 'llama3.2', baseURL: `${LOCAL}:11434/v1`, keyless: 'always' },
  'openai-responses': { ...RESPONSES, example: 'gpt-5-mini' },
  lmstudio: { ...COUNTING, example: 'qwen3-8b', baseURL: `${LOCAL}:1234/v1`, keyless: 'always' },
  vllm: { ...COUNTING, example: 'Qwen/Qwen3-8B', baseURL: `${LOCAL}:8000/v1`, keyless: 'always' },
  llamacpp: { ...COMPATIBLE, example: 'default', baseURL: `${LOCAL}:8080/v1`, keyless: 'always' },
  localai: { ...COMPATIBLE, example: 'llama-3.2', baseURL: `${LOCAL}:8080/v1`, keyless: 'always' },
  openrouter: { ...COUNTING, example: 'openai/gpt-4.1', baseURL: 'https://openrouter.ai/api/v1' },
  groq: { ...COMPATIBLE, example: 'openai/gpt-oss-20b', baseURL: 'https://api.groq.com/openai/v1' },
  mistral: { ...COMPATIBLE, example: 'mistral-small', baseURL: 'https://api.mistral.ai/v1' },
  deepseek: { ...COMPATIBLE, example: 'deepseek-chat', baseURL: 'https://api.deepseek.com/v1' },
  compatible: { ...COMPATIBLE, example: 'my-model', keyless: 'always' },
}

/** The options that say where a model is, and how to reach it. */
export interface ModelAddress {
  /** The key. Default: the provider's variable, such as `OPENAI_API_KEY`. */
  readonly apiKey?: string
  /** The address. Default: the provider's variable, such as `OPENAI_BASE_URL` or `OLLAMA_HOST`, or its public address. */
  readonly baseURL?: string
  /** Where keys and addresses are read. Default `process.env`. */
  readonly env?: Environment
  /** The variable that holds the name, for messages: `MODEL`. */
  readonly variable?: string
}

/** Resolves `provider:model`. Throws  ConfigError `config/invalid`, one line that says what to do. */
export function toModelSettings(
  name: string,
  { env = process.env, ...options }: ModelAddress,
): { provider: ModelProvider; model: string; settings: Readonly<Record<string, unknown>> } {
  const named = (text: string): string => (options.variable ? `${options.variable}=${text}` : text)
  const [providerName, ...rest] = name.split(':') as [string, ...string[]]
  const model = rest.join(':').trim()
  const provider = Object.hasOwn(PROVIDERS, providerName) ? PROVIDERS[providerName] : undefined
  if (provider === undefined) {
    const known = Object.keys(PROVIDERS)
    const meant = /did you mean "[^"]*"\?/.exec(didYouMean(providerName, known))?.[0]
    throw invalid(
      `${named(name)} names no known provider${meant ? ` (${meant})` : ''}: write ${named('provider:model')}, with one of ${known.join(', ')}, such as ${named('openai:gpt-4.1-mini')}.`,
    )
  }
  if (model === '')
    throw invalid(
      `${named(name.trim())} names no model: write ${named(`${providerName}:model`)}, such as ${named(`${providerName}:${provider.example}`)}.`,
    )
  const { keyless } = provider
  const { key, address } = variablesOf(providerName)
  const apiKey = options.apiKey ?? (env[key]?.trim() || undefined)
  const ownAddress = options.baseURL ?? addressIn(address, env)
  if (!apiKey && keyless !== 'always' && !(keyless && ownAddress)) {
    const or = keyless ? ` (or ${address}, for a server that wants no key)` : ''
    throw invalid(`${providerName} needs ${key}${or}.`)
  }
  const baseURL = ownAddress ?? provider.baseURL
  if (!baseURL && keyless === 'always')
    throw invalid(
      `${providerName} needs ${address}, the address of the server, such as http://127.0.0.1:8000/v1.`,
    )
  const settings = {
    name: providerName,
    ...(baseURL && { baseURL }),
    ...(apiKey && { apiKey }),
    ...provider.settings,
  }
  return { provider, model, settings }
}

/** The variables in which a provider's key and its address stand. */
function variablesOf(providerName: string): { key: string; address: string } {
  const variable = providerName.split('-')[0]!.toUpperCase()
  const address = providerName === 'ollama' ? 'OLLAMA_HOST' : `${variable}_BASE_URL`
  return { key: `${variable}_API_KEY`, address }
}

/** The packages and the variable that an app needs for a model. */
export interface ModelNeeds {
  /** `provider:model`. */
  readonly name: string
  /** Their ranges, by their names. */
  readonly packages: Readonly<Record<string, string>>
  /** The variable that has to be set: the key, or the address where no key is needed. */
  readonly variable: string
}

/** Resolves what `provider:model` needs, before there is a key. Throws  ConfigError `config/invalid`, as `toModelSettings`. */
export function modelNeeds(name: string, variable: string): ModelNeeds {
  const anything = { apiKey: '-', baseURL: 'http://127.0.0.1', env: {}, variable }
  const { provider } = toModelSettings(name, anything)
  const { key, address } = variablesOf(name.split(':')[0]!)
  return {
    name: name.trim(),
    packages: { ai: '^6', [provider.package]: provider.range },
    variable: provider.keyless === 'always' ? address : key,
  }
}

/** Reads an address; undefined when the variable is not set. */
function addressIn(variable: string, env: Environment): string | undefined {
  const value = env[variable]?.trim()
  if (!value) return undefined
  const isOllama = variable === 'OLLAMA_HOST'
  try {
    return isOllama ? `${ollamaAddress(value)}/v1` : new URL(value).href.replace(/\/+$/, '')
  } catch {
    const form = isOllama
      ? 'host:port, such as 127.0.0.1:11434'
      : 'a whole one, such as http://127.0.0.1:8000/v1'
    throw invalid(`${variable}=${value} is no address: write ${form}.`)
  }
}

/** OLLAMA_HOST as Ollama itself reads it: scheme and port may be missing, 0.0.0.0 means this machine. */
function ollamaAddress(host: string): string {
  const hasScheme = /^https?:\/\//.test(host)
  const url = new URL(hasScheme ? host : `http://${host}`)
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (!hasScheme && !/:\d+\/?$/.test(host)) url.port = '11434'
  return url.href.replace(/\/+$/, '')
}

/** Creates the error for a setting that cannot work. */
export function invalid(message: string, cause?: unknown): ConfigError {
  return new ConfigError('config/invalid', message, { cause })
}

/** Which Ollama is asked. */
export interface OllamaModelsOptions {
  /** Where `OLLAMA_HOST` is read. Default `process.env`. */
  readonly env?: Environment
}

/**
 * Lists the models that Ollama has, the one used last first: it has no default, only those that were pulled.
 *
 * Out     their names, at least one.
 * Cost    one request, at most 5 s.
 * Throws  ConfigError `config/invalid`, one line: a wrong address, no server there, no model yet.
 *
 * @example
 * const [newest] = await ollamaModels().catch(() => ['llama3.2'])
 * const model = llm(`ollama:${newest}`)
 */
export async function ollamaModels({ env = process.env }: OllamaModelsOptions = {}): Promise<
  string[]
> {
  const baseURL = addressIn('OLLAMA_HOST', env) ?? PROVIDERS['ollama']!.baseURL!
  const url = baseURL.replace(/\/v1$/, '')
  let names: string[]
  try {
    const response = await fetch(`${url}/api/tags`, { signal: AbortSignal.timeout(5_000) })
    const { models = [] } = (await response.json()) as { models?: { name?: string }[] }
    names = models.flatMap(({ name }) => name ?? [])
  } catch (cause) {
    throw invalid(`No Ollama answers at ${url}: start it, or unset OLLAMA_HOST.`, cause)
  }
  if (names.length > 0) return names
  throw invalid(`Ollama at ${url} has no model yet: ollama pull llama3.2`)
}
