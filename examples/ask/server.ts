import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { createRuns } from 'swapstream'
import { serve } from 'swapstream/node'
import { createApp } from './app.ts'
import { listDocuments, readDocuments } from './corpus.ts'
import { createExtractive } from './extractive.ts'
import { EXAMPLES } from './follow-ups.ts'
import { chooseAnswerer } from './model.ts'
import { createProgress } from './progress.ts'
import { SearchIndex } from './search-index.ts'

const HELP = `npm start                   answers from the packages in node_modules, and from docs and README here
npm start -- --docs PATH    answers from the Markdown files below a folder
npm start -- --help         shows this

Settings of the environment:
  PORT, HOST                where it listens (3000, 127.0.0.1)
  MODEL=provider:model      a model writes the answer; without one, the demo quotes
  OPENAI_API_KEY, ANTHROPIC_API_KEY, OLLAMA_HOST
                            one of them is enough for a model
`

/** How long a conversation can be come back to. */
const A_DAY_MS = 86_400_000

/** The arguments, or an error of one line that says what to do. */
function readArgs(): { docs?: string; help?: boolean } {
  try {
    return parseArgs({
      options: { docs: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }).values
  } catch (error) {
    const [what] = String((error as Error).message).split(/[.\n]/)
    throw new Error(`${what}. See npm start -- --help.`, { cause: error })
  }
}

/** The documents of a folder, when at least one of them has text. */
async function documentsOf(docs: string): Promise<Awaited<ReturnType<typeof listDocuments>>> {
  const documents = await listDocuments({ root: process.cwd(), docs })
  for await (const { passages } of readDocuments(documents))
    if (passages.length > 0) return documents
  throw new Error(`The Markdown files in ${docs} hold no text.`)
}

async function start(): Promise<void> {
  const { docs, help } = readArgs()
  if (help) {
    process.stdout.write(HELP)
    return
  }
  const index = new SearchIndex()
  index.read = 0
  const chosen = docs === undefined ? undefined : await documentsOf(docs)
  const answerer = await chooseAnswerer(process.env, createExtractive(index))
  const corpus =
    docs === undefined
      ? { name: 'node_modules', examples: EXAMPLES }
      : { name: basename(docs) || docs }
  const progress = createProgress(process.stdout)
  const runs = createRuns({ keepMs: A_DAY_MS })

  const { ready } = serve(createApp({ index, answerer, corpus, runs }), {
    onClose: () => runs.close(),
    onListen: (url) => progress.done(`Ask at ${url}`),
  })
  // A port that is taken ends the program here, before anything is read.
  await ready
  const startedAt = performance.now()
  const shown = setInterval(
    () => progress.show(`Reading the documentation: ${Math.round(100 * index.read)} %`),
    100,
  )
  await index.fill(chosen ?? (await listDocuments({ root: process.cwd() })))
  clearInterval(shown)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  progress.done(
    `${index.size} passages read in ${seconds} s. Answers: ${answerer.model ? answerer.name : 'extractive (quotes; no model is configured)'}.`,
  )
}

start().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
