import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { PROVIDERS, type Provider } from './providers.ts'
import { toPrompt } from './prompt.ts'
import type { Source } from './sources.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Writes the answer to a question from its sources. */
export interface Answerer {
  /** `extractive`, or `provider:model`. */
  readonly name: string
  /** Whether a model writes. The page says so either way. */
  readonly model: boolean
  /** The answer, piece by piece; stops when `signal` aborts. */
  answer(question: string, sources: readonly Source[], signal: AbortSignal): AsyncIterable<string>
}

/** The part of the AI SDK that we use; it is not installed with us, so its own types are not at hand. */
interface AiSdk {
  streamText(options: {
    model: unknown
    system: string
    prompt: string
    abortSignal: AbortSignal
    onError: (event: { error: unknown }) => void
  }): { fullStream: AsyncIterable<{ type: string; text?: string; error?: unknown }> }
}

/**
 * Which answerer writes: `MODEL=provider:model`, else the first key found (OpenAI, Anthropic), else
 * Ollama if `OLLAMA_HOST` is set, else the one that quotes.
 *
 * Cost    nothing for quoting; else the import of the AI SDK, and for Ollama without MODEL one request.
 * Throws  an Error of one line that says what to do: provider unknown, key missing, package missing.
 *
 * @param resolveFrom A file or URL from whose place the AI SDK is resolved. Default: this module.
 * @example const answerer = await chooseAnswerer(process.env, createExtractive(retrieve))
 */
export async function chooseAnswerer(
  env: Environment,
  extractive: Answerer,
  resolveFrom: string | URL = import.meta.url,
): Promise<Answerer> {
  const wanted = env['MODEL']?.trim()
  if (wanted) {
    const colon = wanted.indexOf(':')
    const name = colon < 0 ? wanted : wanted.slice(0, colon)
    const model = colon < 0 ? '' : wanted.slice(colon + 1).trim()
    const provider = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name]! : undefined
    const known = Object.keys(PROVIDERS).join(', ')
    if (!provider)
      throw new Error(
        `MODEL=${wanted} names no known provider: write MODEL=provider:model, with one of ${known}, such as MODEL=openai:gpt-4.1-mini.`,
      )
    if (!model)
      throw new Error(
        `MODEL=${wanted} names no model: write MODEL=${name}:model, such as MODEL=${provider.example}.`,
      )
    return createModelAnswerer(name, provider, model, env, resolveFrom)
  }

  for (const [name, provider] of Object.entries(PROVIDERS)) {
    if (!env[provider.chosenBy]?.trim()) continue
    const model = await provider.defaultModel(env)
    return createModelAnswerer(name, provider, model, env, resolveFrom)
  }
  return extractive
}

async function createModelAnswerer(
  providerName: string,
  provider: Provider,
  model: string,
  env: Environment,
  resolveFrom: string | URL,
): Promise<Answerer> {
  const name = `${providerName}:${model}`
  const settings = provider.settings(env)
  const packages = { ai: '^6', [provider.package]: provider.range }
  const load = async (specifier: string): Promise<Record<string, unknown>> => {
    const path = resolveFromPlace(specifier, resolveFrom)
    if (path === undefined) {
      const wants = Object.entries(packages).map(
        ([packageName, range]) => `${packageName}@${range}`,
      )
      throw new Error(`${name} needs the AI SDK: npm install --no-save ${wants.join(' ')}`)
    }
    try {
      return (await import(pathToFileURL(path).href)) as Record<string, unknown>
    } catch (cause) {
      const [reason] = String(cause).split('\n')
      throw new Error(`${specifier} is installed, but does not load: ${reason}`, { cause })
    }
  }
  const { streamText } = (await load('ai')) as unknown as AiSdk
  const create = (await load(provider.package))[provider.create] as (
    settings: object,
  ) => (model: string) => unknown
  const languageModel = create(settings)(model)

  return {
    name,
    model: true,
    async *answer(question, sources, signal) {
      if (signal.aborted) return
      const { fullStream } = streamText({
        model: languageModel,
        ...toPrompt(question, sources),
        abortSignal: signal,
        // The error is thrown below; the SDK would print it as well.
        onError: () => {},
      })
      // Not textStream: that one ends quietly when the model fails, as if the answer were whole.
      for await (const part of fullStream) {
        if (signal.aborted) return
        if (part.type === 'error') throw toError(part.error)
        if (part.type === 'text-delta' && part.text) yield part.text
      }
    },
  }
}

function resolveFromPlace(specifier: string, from: string | URL): string | undefined {
  try {
    return createRequire(from).resolve(specifier)
  } catch {
    return undefined
  }
}

/** The SDK passes on what the provider sent, which may be anything. */
function toError(cause: unknown): Error {
  if (cause instanceof Error) return cause
  const message =
    typeof cause === 'object' ? (cause as { message?: unknown } | null)?.message : cause
  return new Error(typeof message === 'string' ? message : 'The model failed.', { cause })
}
