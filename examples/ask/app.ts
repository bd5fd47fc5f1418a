import { Hono, type Context } from 'hono'
import {
  createRuns,
  EventStream,
  Fragment,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
  type SwapstreamOptions,
} from 'swapstream'
import { behind, define } from './citations.ts'
import { newPlace, saidAt, toPlace, turnAt, turnsOf } from './conversation.ts'
import { find } from './find.ts'
import type { Answerer } from './model.ts'
import type { Retriever } from './retriever.ts'
import { toCard } from './sources.ts'

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
    const { q: title, c: said } = c.req.query()
    const beginning = toPlace(said)
    const turns = beginning ? await turnsOf(runs, ownerOf(c), beginning) : []
    const linked = title && turns.length === 0 && { question: title, starts: mayStart(c) }
    const conversation = beginning ?? newPlace()
    return new Page('ask.html', { conversation, turns, title, linked }, { block: 'title' })
  })

  app.post('/ask', async (c) => {
    const form = await c.req.parseBody()
    const owner = ownerOf(c)
    const conversation = toPlace(form['conversation']) ?? newPlace()
    const after = toPlace(form['after']) ?? conversation
    // Tried again stands in the place of what was cut, as long as nothing came after that.
    const cut = await turnAt(runs, owner, toPlace(form['retry']) ?? '')
    const place = cut?.run.id === after ? cut.place : after
    const question = String(cut?.question ?? form['suggestion'] ?? form['question'] ?? '').trim()
    if (question === '' || question.length > MAX_QUESTION_CHARS) {
      const problem = question
        ? `Ask in at most ${MAX_QUESTION_CHARS} characters.`
        : 'Type a question first: a few words are enough.'
      return new Page('ask.html', { problem }, { block: 'composer', target: '#ask', status: 422 })
    }

    const run = await runs.start(
      async function* ({ signal, run: own }) {
        const previous = await saidAt(runs, owner, place)
        const { sources, followUps } = find(question, previous, retrieve)
        const link = `/?${new URLSearchParams({ q: question, c: conversation })}`
        const turn = { run: own!, place, question, link, sources: sources.map(toCard), followUps }
        const citations = define(sources, `src-${own!.id}`)
        const answer = answerer.answer(question, sources, signal, previous)
        const fragments = streamToFragments(behind(citations, answer), 'ask.html', 'turn', {
          extraContext: { turn },
          statusBlock: 'status',
        })
        let old = place === after ? undefined : cut
        for await (const fragment of fragments) {
          yield fragment
          // What was cut stays until there is something in its place.
          if (!old || String(fragment.context['text'] ?? '').length <= citations.length) continue
          yield new Fragment(
            'ask.html',
            'status',
            {},
            { target: `#turn-${old.run.id}`, swap: 'delete' },
          )
          old = undefined
        }
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
