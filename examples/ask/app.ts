import { Hono } from 'hono'
import {
  EventStream,
  Page,
  safeHtml,
  streamWithSources,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { citeHtml } from './cite.ts'
import { covers } from './extractive.ts'
import type { Answerer } from './model.ts'
import type { Retriever } from './retriever.ts'
import { toSources, type Source } from './sources.ts'

export interface AskOptions {
  readonly retrieve: Retriever
  readonly answerer: Answerer
  /** What the page calls the documents, and questions to try on them. */
  readonly corpus: { readonly name: string; readonly examples: readonly string[] }
  readonly swapstream?: SwapstreamOptions
}

/** The page, and the one route that answers a question: sources first, then the answer as it is written. */
export function createApp({ retrieve, answerer, corpus, swapstream: options }: AskOptions): Hono {
  const shown = {
    answerer: { name: answerer.name, model: answerer.model },
    corpus: {
      ...corpus,
      passages: `${retrieve.size.toLocaleString('en')} passage${retrieve.size === 1 ? '' : 's'}`,
    },
  }
  const app = new Hono()
  app.use(
    swapstream({
      templates: new URL('templates', import.meta.url),
      filters: {
        cite: (text: string, sources: readonly Source[] = []) =>
          safeHtml(citeHtml(text, sources.length)),
      },
      ...options,
    }),
  )

  app.get('/', () => new Page('ask.html', shown))

  app.post('/ask', async (c) => {
    const form = await c.req.parseBody()
    const question = typeof form['question'] === 'string' ? form['question'].trim() : ''
    if (question === '') {
      const problem = 'Type a question first: a few words are enough.'
      return new Page(
        'ask.html',
        { ...shown, problem },
        { block: 'form', target: '#ask', status: 422 },
      )
    }
    const found = toSources(retrieve(question, 6))
    // Search always finds something. What does not cover the question is no source.
    const sources = covers(question, found, retrieve) ? found : []
    return new EventStream(({ signal }) =>
      streamWithSources(answerer.answer(question, sources, signal), 'ask.html', {
        sources,
        extraContext: { ...shown, question },
      }),
    )
  })
  return app
}
