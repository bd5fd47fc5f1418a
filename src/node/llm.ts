import { tokens, type TokensOptions } from '../models/tokens.ts'
import { invalid, toModelSettings, type ModelAddress } from './model-providers.ts'

/** How to reach a model, and the start of every call. */
export interface LlmOptions extends ModelAddress {
  /** The instructions that every call begins with. */
  readonly system?: string
  /** More for `streamText` of the AI SDK in every call: `temperature`, `maxOutputTokens`, `tools`, … */
  readonly settings?: Readonly<Record<string, unknown>>
  /** More for the provider: `headers`, `fetch`, … */
  readonly provider?: Readonly<Record<string, unknown>>
  /** A file or URL from whose place the AI SDK is looked for. Default: where swapstream is installed. */
  readonly resolveFrom?: string | URL
}

/** One message of a conversation, as the AI SDK takes it; `content` may be a list of its parts. */
export interface LlmMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: unknown
}

/** The options of one call. */
export interface LlmCallOptions extends TokensOptions {
  /** Replaces the `system` of the model for this call. */
  readonly system?: string
  /** More for `streamText` of the AI SDK in this call. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** A model that can be asked. */
export interface Llm {
  /** `provider:model`. */
  readonly name: string
  /**
   * Asks. Nothing is sent before the first read.
   *
   * Ends    at once when its reader leaves, or `signal` aborts: the call to the provider is aborted, too.
   * Throws  SourceError `source/failed` with the cause; the reason of `signal`; what `ready` throws.
   */
  stream(
    prompt: string | readonly LlmMessage[],
    options?: LlmCallOptions,
  ): AsyncGenerator<string, string, undefined>
  /**
   * Loads the packages now, so that a missing one is noticed at the start and not by the first reader.
   *
   * Out     the model as the AI SDK has it, for its other functions: `generateText`, `Output.object`, …
   * Throws  ConfigError `config/invalid`, with the line to install it.
   */
  ready(): Promise<unknown>
}

/**
 * A model by its name, through the AI SDK. That one is installed on demand: `npm install ai@^6` and the provider's package.
 *
 * In      `provider:model`: openai, openai-responses, anthropic, ollama, lmstudio, vllm, llamacpp, localai, openrouter,
 *         groq, mistral, deepseek, or compatible for whatever else speaks the chat protocol of OpenAI.
 * Cost    checked here; imported by the first call, once.
 * Throws  ConfigError `config/invalid`, one line: an unknown provider, no model, a missing key, a wrong address.
 *
 * @example
 * const model = llm('ollama:llama3.2', { system: 'Answer in one sentence.' })
 * app.post('/chat', async (c) => {
 *   const { prompt } = await c.req.parseBody()
 *   return new EventStream(({ signal }) => streamToFragments(model.stream(String(prompt), { signal }), 'chat.html', 'response'))
 * })
 */
export function llm(name: string, options: LlmOptions = {}): Llm {
  const { provider, model, settings } = toModelSettings(name, options)
  const load = async (specifier: string): Promise<Record<string, any>> => {
    const exports = await importOptional(specifier, options.resolveFrom)
    if (exports) return exports
    const packages = `ai@^6 ${provider.package}@${provider.range}`
    throw invalid(`${name} needs the AI SDK: npm install ${packages}`)
  }
  const open = async () => {
    const sdk = await load('ai')
    const create = (await load(provider.package))[provider.create]
    return { sdk, model: create({ ...settings, ...options.provider })(model) as unknown }
  }
  let opening: ReturnType<typeof open> | undefined
  const ready = (): ReturnType<typeof open> => {
    opening ??= open().catch((error) => {
      // It may be installed in the meantime.
      opening = undefined
      throw error
    })
    return opening
  }

  return Object.freeze<Llm>({
    name,
    stream(prompt, { system = options.system, settings: more, ...reading } = {}) {
      return tokens(async (abortSignal) => {
        const opened = await ready()
        return opened.sdk['streamText']({
          // The error is thrown to the reader; the SDK would print it as well.
          onError: () => {},
          ...options.settings,
          ...more,
          ...(system !== undefined && { system }),
          ...(typeof prompt === 'string' ? { prompt } : { messages: prompt }),
          model: opened.model,
          abortSignal,
        })
      }, reading)
    },
    ready: async () => (await ready()).model,
  })
}

/**
 * The packages that `llm` may import, and no others. Literal, so that bundlers find them; ignored by the compiler, since
 * only some users have them. With a "catch", without which bundlers fail where one is not installed.
 */
const IMPORTS: Readonly<Record<string, () => Promise<unknown>>> = {
  // @ts-ignore -- optional
  ai: () => import('ai').catch(rethrow),
  // @ts-ignore -- optional
  '@ai-sdk/openai-compatible': () => import('@ai-sdk/openai-compatible').catch(rethrow),
  // @ts-ignore -- optional
  '@ai-sdk/openai': () => import('@ai-sdk/openai').catch(rethrow),
  // @ts-ignore -- optional
  '@ai-sdk/anthropic': () => import('@ai-sdk/anthropic').catch(rethrow),
}

function rethrow(error: unknown): never {
  throw error
}

/** Node, Bun, Deno and Vite each have words of their own for a package that is not installed. */
const MISSING = /(?:cannot find|could not resolve|failed to resolve|not a dependency)/i

/** Imports one of them; undefined when it is not installed. Throws  ConfigError when it is, and does not load. */
async function importOptional(
  name: string,
  from?: string | URL,
): Promise<Record<string, any> | undefined> {
  try {
    const path = from && (await resolve(name, from))
    const exports = path ? import(/* @vite-ignore */ path) : from ? undefined : IMPORTS[name]!()
    return (await exports) as Record<string, any> | undefined
  } catch (cause) {
    const [reason = ''] = String(cause).split('\n')
    // What it imports itself may be missing, too: that is another fault, with another cure.
    if (MISSING.test(reason) && /['"]([^'"]+)['"]/.exec(reason)?.[1] === name) return undefined
    throw invalid(`${name} is installed, but does not load: ${reason}`, cause)
  }
}

async function resolve(name: string, from: string | URL): Promise<string | undefined> {
  const { createRequire } = await import('node:module')
  const { pathToFileURL } = await import('node:url')
  try {
    return pathToFileURL(createRequire(from).resolve(name)).href
  } catch {
    return undefined
  }
}
