import hljs from 'highlight.js/lib/common'
import { Hono, type Context } from 'hono'
import { languageDetector, type LanguageVariables } from 'hono/language'
import {
  errorPages,
  EventStream,
  ownerOf,
  Page,
  runRoutes,
  swapstream,
  type Runs,
} from 'swapstream'
import type { Texts } from 'swapstream/core'
import type { Conversations, Turn } from './conversations.ts'
import { ar } from './languages/ar.ts'
import { de } from './languages/de.ts'
import { en } from './languages/en.ts'
import type { Language } from './languages/language.ts'
import type { Model } from './model.ts'
import { writeTurn } from './write-turn.ts'

export const LANGUAGES: Readonly<Record<string, Language>> = { en, de, ar }

/**
 * A conversation on one page. Each answer is a run: it outlives its connection, and Stop stops it.
 *
 * @param lang The language of the page. Default: the one that the browser asks for.
 */
export function createApp(runs: Runs, model: Model, conversations: Conversations, lang?: string) {
  const app = new Hono<{ Variables: LanguageVariables }>()
  const supportedLanguages = lang === undefined ? Object.keys(LANGUAGES) : [lang]
  const [fallbackLanguage] = supportedLanguages as [string]
  app.use(
    languageDetector({ supportedLanguages, fallbackLanguage, order: ['header'], caches: false }),
  )

  const languageOf = (c: Context): Language => LANGUAGES[c.get('language')]!
  const texts = (c: Context): Texts => languageOf(c).texts
  const templates = new URL('templates', import.meta.url)
  app.use(swapstream({ templates, markdown: { highlight: hljs }, texts }))
  errorPages(app)

  app.get('/', async (c) => {
    const owner = ownerOf(c)
    const { id, turns, running } = conversations.of(owner)
    const run = running && (await runs.current({ owner, key: id }))
    return new Page('chat.html', { model, turns, run, words: languageOf(c) })
  })

  app.post('/chat', async (c) => {
    const owner = ownerOf(c)
    const conversation = conversations.of(owner)
    const key = conversation.id
    const question = conversation.question(await c.req.parseBody())
    if (question === undefined) return c.body(null, 204)

    let turn: Turn | undefined
    const before = await runs.current({ owner, key })
    const run = await runs.start(
      (context) =>
        writeTurn((turn = conversation.ask(question)), conversation, model, languageOf(c), context),
      { owner, key, onEnd: (reason) => turn && (turn.state = reason === 'done' ? 'whole' : 'cut') },
    )
    // Without scripts the page reloads until the answer is complete.
    if (!c.req.header('HX-Request')) return c.redirect('/', 303)
    // A second question during an answer: its page already shows that answer.
    return run.id === before?.id ? c.body(null, 204) : new EventStream(run)
  })

  app.post('/new', async (c) => {
    const owner = ownerOf(c)
    const { id, running } = conversations.of(owner)
    const run = running && (await runs.current({ owner, key: id }))
    if (run) await runs.stop(run.id, { owner })
    conversations.forget(owner)
    return c.redirect('/', 303)
  })
  app.route('/runs', runRoutes(runs))
  return app
}
