import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { createRuns } from 'swapstream'
import { serve } from 'swapstream/node'
import { createApp } from './app.ts'
import { readCorpus } from './corpus.ts'
import { createExtractive } from './extractive.ts'
import { topics } from './follow-ups.ts'
import { chooseAnswerer } from './model.ts'
import { createProgress } from './progress.ts'
import { createRetriever } from './retriever.ts'

const EXAMPLES = [
  'How do I read a query parameter in Hono?',
  'Fuzzy search with MiniSearch',
  'How do I mock a module in Vitest?',
  'How does swapstream stop the model when the reader leaves?',
]
/** How long a conversation can be come back to. */
const A_DAY_MS = 86_400_000

try {
  const { docs } = parseArgs({ options: { docs: { type: 'string' } } }).values
  const progress = createProgress(process.stdout)
  const passages = await readCorpus({
    root: process.cwd(),
    ...(docs === undefined ? {} : { docs }),
    onProgress: (read) =>
      progress.show(`Reading documentation: ${read.files} files, ${read.passages} passages`),
  })
  const retrieve = await createRetriever(passages, ({ indexed, total }) =>
    progress.show(`Indexing: ${indexed} of ${total} passages`),
  )
  const answerer = await chooseAnswerer(process.env, createExtractive(retrieve))
  progress.done(
    `${retrieve.size} passages indexed. Answers: ${answerer.model ? answerer.name : 'extractive (quotes; no model is configured)'}.`,
  )

  const corpus =
    docs === undefined
      ? { name: 'node_modules', examples: EXAMPLES }
      : { name: basename(docs) || docs, examples: topics(passages, 4) }
  const runs = createRuns({ keepMs: A_DAY_MS })
  serve(createApp({ retrieve, answerer, corpus, runs }), {
    onClose: () => runs.close(),
    onListen: (url) => progress.done(`Ask at ${url}`),
  })
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
