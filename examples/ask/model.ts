import { ConfigError } from 'swapstream'
import { llm, ollamaModels } from 'swapstream/models'
import type { Exchange } from './conversation.ts'
import { toPrompt } from './prompt.ts'
import type { Source } from './sources.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Writes the answer to a question from its sources. */
export interface Answerer {
  /** `extractive`, or `provider:model`. */
  readonly name: string
  /** Whether a model writes. The page says so either way. */
  readonly model: boolean
  /**
   * The answer as Markdown, piece by piece; stops when `signal` aborts.
   *
   * @param previous What the question comes after.
   */
  answer(
    question: string,
    sources: readonly Source[],
    signal: AbortSignal,
    previous?: Exchange,
  ): AsyncIterable<string>
}

/** Without MODEL, the first of these variables that is set chooses. */
const CHOSEN_BY: readonly (readonly [
  variable: string,
  name: (env: Environment) => string | Promise<string>,
])[] = [
  ['OPENAI_API_KEY', () => 'openai:gpt-4.1-mini'],
  ['ANTHROPIC_API_KEY', () => 'anthropic:claude-haiku-4-5'],
  ['OLLAMA_HOST', async (env) => `ollama:${(await ollamaModels({ env }))[0]}`],
]

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
  const chosen = CHOSEN_BY.find(([variable]) => env[variable]?.trim())
  if (!wanted && !chosen) return extractive
  const name = wanted || (await chosen![1](env))
  const model = llm(name, {
    env,
    resolveFrom,
    ...(wanted ? { variable: 'MODEL' } : {}),
  })
  await model.ready().catch((error: unknown) => {
    // It is this checkout's demo that asks for a package: its package.json shall stay as it is.
    if (error instanceof ConfigError)
      error.message = error.message.replace('npm install ', 'npm install --no-save ')
    throw error
  })
  return {
    name,
    model: true,
    async *answer(question, sources, signal, previous) {
      const { system, prompt } = toPrompt(question, sources, previous)
      try {
        yield* model.stream(prompt, { system, signal })
      } catch (error) {
        if (!signal.aborted) throw error
      }
    },
  }
}
