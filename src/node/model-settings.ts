import { ConfigError, didYouMean } from '../shared/errors.ts'
import { MODEL_PROVIDERS, type ModelProvider } from './model-providers.ts'

/** Variables by their names, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface ModelSettingsOptions {
  readonly apiKey?: string
  readonly baseURL?: string
  readonly env: Environment
  readonly variable?: string
}

export interface ModelSettings {
  readonly provider: ModelProvider
  /** The model's own name, behind the colon. */
  readonly model: string
  /** What the provider is created with. */
  readonly settings: Readonly<Record<string, unknown>>
}

/**
 * What `provider:model` stands for.
 *
 * Throws  ConfigError `config/invalid`, one line that says what to do: an unknown provider, no model, no key, a wrong
 *         address.
 */
export function toModelSettings(name: string, options: ModelSettingsOptions): ModelSettings {
  const spelt = (text: string): string =>
    options.variable === undefined ? text : `${options.variable}=${text}`
  const colon = name.indexOf(':')
  const providerName = colon < 0 ? name : name.slice(0, colon)
  const model = colon < 0 ? '' : name.slice(colon + 1).trim()
  if (!Object.hasOwn(MODEL_PROVIDERS, providerName)) {
    const known = Object.keys(MODEL_PROVIDERS)
    const meant = /"(.*)"\?\)$/.exec(didYouMean(providerName, known))?.[1]
    throw invalid(
      `${spelt(name)} names no known provider${meant === undefined ? '' : ` (did you mean "${meant}"?)`}: write ${spelt('provider:model')}, with one of ${known.join(', ')}, such as ${spelt('openai:gpt-4.1-mini')}.`,
    )
  }
  const provider = MODEL_PROVIDERS[providerName]!
  if (!model) {
    throw invalid(
      `${spelt(name.trim())} names no model: write ${spelt(`${providerName}:model`)}, such as ${spelt(provider.example)}.`,
    )
  }
  return { provider, model, settings: settingsOf(providerName, provider, options) }
}

function settingsOf(
  name: string,
  provider: ModelProvider,
  { env, ...options }: ModelSettingsOptions,
): Record<string, unknown> {
  const read = (variable: string | undefined): string | undefined =>
    (variable === undefined ? undefined : env[variable]?.trim()) || undefined
  const apiKey = options.apiKey ?? read(provider.key)
  const ownAddress = options.baseURL ?? addressOf(provider, read(provider.address))
  const mayBeKeyless =
    provider.keyless === 'always' ||
    (provider.keyless === 'own-address' && ownAddress !== undefined)
  if (apiKey === undefined && !mayBeKeyless) {
    const or =
      provider.keyless === 'own-address'
        ? ` (or ${provider.address}, for a server that wants no key)`
        : ''
    throw invalid(`${name} needs ${provider.key}${or}.`)
  }
  const baseURL = ownAddress ?? provider.baseURL
  if (baseURL === undefined && provider.address !== undefined && provider.keyless === 'always')
    throw invalid(
      `${name} needs ${provider.address}, the address of the server, such as http://127.0.0.1:8000/v1.`,
    )
  return {
    name,
    ...(baseURL === undefined ? {} : { baseURL }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...provider.settings,
  }
}

/** The address in a variable; undefined when it is not set. */
export function addressOf(provider: ModelProvider, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  try {
    return provider.toBaseURL ? provider.toBaseURL(value) : new URL(value).href.replace(/\/+$/, '')
  } catch {
    throw invalid(
      `${provider.address}=${value} is no address: write ${provider.toBaseURL ? 'host:port, such as 127.0.0.1:11434' : 'a whole one, such as http://127.0.0.1:8000/v1'}.`,
    )
  }
}

function invalid(message: string): ConfigError {
  return new ConfigError('config/invalid', message)
}
