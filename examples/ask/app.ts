import { Hono, type Context } from 'hono'
import {
  createRuns,
  EventStream,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
  type SwapstreamOptions,
} from 'swapstream'
import { behind, define } from './citations.ts'
import { newPlace, saidAt, toPlace, turnsOf } from './conversation.ts'
import { find } from './find.ts'
import type { Answerer } from './model.ts'
import type { Retriever } from './retriever.ts'

export interface AskOptions {
  readonly retrieve: Retriever
  readonly answerer: Answerer
  /** What the page calls the documents, and questions to try on them. */
  readonly corpus: { readonly name: string; readonly examples: readonly string[] }
  readonly runs?: Runs
  readonly swapstream?: SwapstreamOptions
}

const MAX_QUESTION_CHARS = 2_000

/** The page, and the route that answers a question: each answer is a run, so it outlives its connection. */
export function createApp(ask: AskOptions): Hono {
  const { retrieve, answerer, corpus, runs = createRuns() } = ask
  const { name, model } = answerer
  const passages = `${retrieve.size.toLocaleString('en')} passage${retrieve.size === 1 ? '' : 's'}`

  const app = new Hono()
  app.use(
    swapstream({
      templates: new URL('templates', import.meta.url),
      globals: { answerer: { name, model }, corpus: { ...corpus, passages } },
      ...ask.swapstream,
    }),
  )

  app.get('/', async (c) => {
    const { q: question, c: beginning } = c.req.query()
    const turns = beginning ? await turnsOf(runs, ownerOf(c), beginning) : []
    if (turns.length > 0)
      return new Page('ask.html', { place: beginning, turns, title: question }, { block: 'title' })
    const linked = question && { question, starts: mayStart(c) }
    return new Page('ask.html', { place: newPlace(), linked })
  })

  app.post('/ask', async (c) => {
    const form = await c.req.parseBody()
    const question = typeof form['question'] === 'string' ? form['question'].trim() : ''
    if (question === '' || question.length > MAX_QUESTION_CHARS) {
      const problem = question
        ? `Ask in at most ${MAX_QUESTION_CHARS} characters.`
        : 'Type a question first: a few words are enough.'
      return new Page('ask.html', { problem }, { block: 'form', target: '#ask', status: 422 })
    }
    const owner = ownerOf(c)
    const place = toPlace(form['after'])
    const run = await runs.start(
      async ({ signal, run: own }) => {
        const previous = await saidAt(runs, owner, place)
        const { sources, followUps } = find(question, previous, retrieve)
        const answer = answerer.answer(question, sources, signal, previous)
        const citing = behind(define(sources, `src-${place}`), answer)
        const turn = { question, sources, followUps, place, run: own }
        return streamToFragments(citing, 'ask.html', 'turn', { extraContext: turn })
      },
      { owner, key: place },
    )
    return new EventStream(run)
  })

  app.route('/runs', runRoutes(runs))
  return app
}

/**
 * Whether a link may ask its question by itself: somebody typed or kept it, or follows it within this site. A link on
 * another site takes a press of a button, or any page could spend the model's money by leading people here.
 */
function mayStart(c: Context): boolean {
  const from = c.req.header('sec-fetch-site')
  return (from === 'none' || from === 'same-origin') && c.req.header('sec-purpose') === undefined
}
