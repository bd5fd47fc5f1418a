import { readFileSync } from 'node:fs'
import hljs from 'highlight.js/lib/common'
import { Hono, type Context } from 'hono'
import {
  createRuns,
  errorPages,
  EventStream,
  Fragment,
  ownerOf,
  Page,
  runRoutes,
  swapstream,
  type Runs,
  type StreamContext,
  type SwapstreamOptions,
} from 'swapstream'
import { problemOf, readAsked } from './asked.ts'
import { newPlace, toPlace, turnsOf } from './conversation.ts'
import { FigureBook } from './figures.ts'
import { readSource } from './made-of.ts'
import type { Answerer } from './model.ts'
import type { SearchIndex } from './search-index.ts'
import { suggestions } from './follow-ups.ts'
import { writeTurn } from './write-turn.ts'

export interface AskOptions {
  readonly index: SearchIndex
  readonly answerer: Answerer
  /** What the page calls the documents, and questions to try on them. Without, questions that the index answers. */
  readonly corpus: { readonly name: string; readonly examples?: readonly string[] }
  readonly runs?: Runs
  /** How long a question waits for documents that are still read. Default 6,000. */
  readonly waitMs?: number
  readonly swapstream?: SwapstreamOptions
}

const STYLE = readFileSync(new URL('ask.css', import.meta.url))

/** The page, and the route that answers a question. Each answer is a run, so it outlives its connection. */
export function createApp(options: AskOptions): Hono {
  const { index, answerer, corpus, runs = createRuns(), waitMs = 6_000 } = options
  const { name, model } = answerer
  let { examples } = corpus
  const reading = () => {
    if (index.read === 1) examples ??= suggestions(index)
    const read = Math.floor(100 * index.read)
    return { passages: index.size.toLocaleString('en'), read, examples }
  }

  const app = new Hono()
  app.use(
    swapstream({
      templates: new URL('templates', import.meta.url),
      markdown: { highlight: hljs },
      globals: { answerer: { name, model }, corpus: { name: corpus.name }, source: readSource() },
      ...options.swapstream,
    }),
  )
  const figures = new FigureBook(app)

  app.get('/', async (c) => {
    const owner = ownerOf(c)
    const { q: question = '', c: id } = c.req.query()
    const conversation = toPlace(id) ?? newPlace()
    const turns = await turnsOf(runs, owner, conversation)
    const linked = turns.length === 0 && !problemOf(question) && { question, starts: mayStart(c) }
    const last = turns.at(-1)
    const shown = last?.open ? undefined : await figures.of(last?.run.id)
    const context = { conversation, turns, linked, question, figures: shown, ...reading() }
    return new Page('ask.html', context, { block: 'title' })
  })

  // How far the documents are read, for a page that was opened before they were.
  app.get('/reading', () => {
    async function* fragments({
      signal,
    }: StreamContext): AsyncGenerator<Fragment, void, undefined> {
      const fragment = (block: string): Fragment =>
        new Fragment('ask.html', block, reading(), { target: `#${block}` })
      for await (const _ of index.reading(signal)) yield fragment('reading')
      yield fragment('reading')
      if (!corpus.examples) yield fragment('examples')
    }
    return new EventStream(fragments)
  })

  app.post('/ask', async (c) => {
    const asked = await readAsked(c, runs)
    const problem = problemOf(asked.question)
    if (problem) {
      return new Page('ask.html', { problem }, { block: 'composer', target: '#ask', status: 422 })
    }
    const run = await runs.start(
      (context) =>
        figures.watch(
          context.run!.id,
          writeTurn(asked, context, { index, answerer, runs, waitMs }),
        ),
      // One answer for each place: a form that is sent twice gets it twice, and it costs once.
      { owner: asked.owner, key: asked.place },
    )
    return new EventStream(run, { onEnd: (end) => figures.ended(run.id, end) })
  })

  app.get('/source', () => new Page('source.html'))
  app.route('/runs', runRoutes(runs))
  errorPages(app)
  app.get('/ask.css', (c) => c.body(STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }))
  return app
}

/**
 * Whether a link asks its question automatically: when it was typed, bookmarked or followed within this site. A link of
 * another site needs a click, or any page could spend the model's money by leading people here.
 */
function mayStart(c: Context): boolean {
  const from = c.req.header('sec-fetch-site')
  return (from === 'none' || from === 'same-origin') && c.req.header('sec-purpose') === undefined
}
