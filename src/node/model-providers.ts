/** How one provider is reached through the AI SDK. */
export interface ModelProvider {
  /** The package, the range that also runs on Node 20, and the function that it exports. */
  readonly package: string
  readonly range: string
  readonly create: string
  /** A name for messages. */
  readonly example: string
  /** The variable with the key; without `keyless`, a missing one is an error. */
  readonly key?: string
  /** The variable with the address. */
  readonly address?: string
  /** The address without that variable; none when the package knows it. */
  readonly baseURL?: string
  /** Whether it answers without a key: always, or at an address of one's own. */
  readonly keyless?: 'always' | 'own-address'
  /** How the variable with the address is spelt, when it is not simply the address. */
  readonly toBaseURL?: (value: string) => string
  /** More that `create` is called with. */
  readonly settings?: Readonly<Record<string, unknown>>
}

const COMPATIBLE = {
  package: '@ai-sdk/openai-compatible',
  range: '^2',
  create: 'createOpenAICompatible',
} as const

/** Those that are known to send the number of tokens when they are asked for it; others refuse the question. */
const COUNTING = { ...COMPATIBLE, settings: { includeUsage: true } } as const

/**
 * The providers that a name may begin with: a fixed table, so that what is imported never depends on a word from
 * outside. Whatever else speaks the chat protocol of OpenAI is `compatible` with an address.
 */
export const MODEL_PROVIDERS: Readonly<Record<string, ModelProvider>> = {
  openai: {
    ...COUNTING,
    example: 'openai:gpt-4.1-mini',
    key: 'OPENAI_API_KEY',
    address: 'OPENAI_BASE_URL',
    baseURL: 'https://api.openai.com/v1',
    // A server of one's own often wants no key; OpenAI itself always does.
    keyless: 'own-address',
  },
  anthropic: {
    package: '@ai-sdk/anthropic',
    range: '^3',
    create: 'createAnthropic',
    example: 'anthropic:claude-haiku-4-5',
    key: 'ANTHROPIC_API_KEY',
    address: 'ANTHROPIC_BASE_URL',
  },
  ollama: {
    ...COUNTING,
    example: 'ollama:llama3.2',
    address: 'OLLAMA_HOST',
    baseURL: 'http://127.0.0.1:11434/v1',
    keyless: 'always',
    toBaseURL: (host) => `${ollamaAddress(host)}/v1`,
  },
  'openai-responses': {
    package: '@ai-sdk/openai',
    range: '^3',
    create: 'createOpenAI',
    example: 'openai-responses:gpt-5-mini',
    key: 'OPENAI_API_KEY',
    address: 'OPENAI_BASE_URL',
  },
  lmstudio: {
    ...COUNTING,
    example: 'lmstudio:qwen3-8b',
    address: 'LMSTUDIO_BASE_URL',
    baseURL: 'http://127.0.0.1:1234/v1',
    keyless: 'always',
  },
  vllm: {
    ...COUNTING,
    example: 'vllm:Qwen/Qwen3-8B',
    key: 'VLLM_API_KEY',
    address: 'VLLM_BASE_URL',
    baseURL: 'http://127.0.0.1:8000/v1',
    keyless: 'always',
  },
  llamacpp: {
    ...COMPATIBLE,
    example: 'llamacpp:default',
    key: 'LLAMACPP_API_KEY',
    address: 'LLAMACPP_BASE_URL',
    baseURL: 'http://127.0.0.1:8080/v1',
    keyless: 'always',
  },
  localai: {
    ...COMPATIBLE,
    example: 'localai:llama-3.2-1b-instruct',
    key: 'LOCALAI_API_KEY',
    address: 'LOCALAI_BASE_URL',
    baseURL: 'http://127.0.0.1:8080/v1',
    keyless: 'always',
  },
  openrouter: {
    ...COUNTING,
    example: 'openrouter:meta-llama/llama-3.3-70b-instruct',
    key: 'OPENROUTER_API_KEY',
    baseURL: 'https://openrouter.ai/api/v1',
  },
  groq: {
    ...COMPATIBLE,
    example: 'groq:llama-3.3-70b-versatile',
    key: 'GROQ_API_KEY',
    baseURL: 'https://api.groq.com/openai/v1',
  },
  mistral: {
    ...COMPATIBLE,
    example: 'mistral:mistral-small-latest',
    key: 'MISTRAL_API_KEY',
    baseURL: 'https://api.mistral.ai/v1',
  },
  deepseek: {
    ...COMPATIBLE,
    example: 'deepseek:deepseek-chat',
    key: 'DEEPSEEK_API_KEY',
    baseURL: 'https://api.deepseek.com/v1',
  },
  compatible: {
    ...COMPATIBLE,
    example: 'compatible:my-model',
    key: 'COMPATIBLE_API_KEY',
    address: 'COMPATIBLE_BASE_URL',
    keyless: 'always',
  },
}

/** OLLAMA_HOST as Ollama itself reads it: scheme and port may be missing, 0.0.0.0 means this machine. */
export function ollamaAddress(host: string): string {
  const hasScheme = /^https?:\/\//.test(host)
  const url = new URL(hasScheme ? host : `http://${host}`)
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (!hasScheme && !/:\d+\/?$/.test(host)) url.port = '11434'
  return url.href.replace(/\/+$/, '')
}
