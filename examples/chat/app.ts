import hljs from 'highlight.js/lib/common'
import { Hono } from 'hono'
import { EventStream, ownerOf, Page, runRoutes, swapstream, type Runs } from 'swapstream'
import type { Conversations, Turn } from './conversations.ts'
import type { Model } from './model.ts'
import { writeTurn } from './write-turn.ts'

/** A conversation on one page. Each answer is a run: it outlives its connection, and Stop stops it. */
export function createApp(runs: Runs, model: Model, conversations: Conversations): Hono {
  const app = new Hono()
  const templates = new URL('templates', import.meta.url)
  app.use(swapstream({ templates, markdown: { highlight: hljs } }))

  app.get('/', async (c) => {
    const owner = ownerOf(c)
    const { id, turns, running } = conversations.of(owner)
    const run = running && (await runs.current({ owner, key: id }))
    return new Page('chat.html', { model, turns, run })
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
      (context) => writeTurn((turn = conversation.ask(question)), conversation, model, context),
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
