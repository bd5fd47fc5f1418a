import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import {
  errorPages,
  EventStream,
  Fragment,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
} from 'swapstream'
import { conversationOf, type Source } from './conversation.ts'
import { modelName } from './model.ts'
import { reply, suggestions } from './reply.ts'
import type { Store } from './store.ts'

/** A conversation on one page. Each answer is a run: it goes on while its page loads again, and Stop stops it. */
export function createApp(store: Store): Hono {
  const { runs } = store
  const app = new Hono()
  app.use(swapstream({ templates: 'templates' }))
  errorPages(app)

  app.get('/', async (c) => {
    const owner = ownerOf(c)
    const run = await runs.current({ owner, key: 'chat' })
    const turns = await conversationOf(store, owner).turns()
    const shown = { turns, suggestions, model: modelName() }
    return new Page('chat.html', { ...shown, current: run?.running ? run : undefined })
  })

  app.post('/chat', async (c) => {
    const owner = ownerOf(c)
    const conversation = conversationOf(store, owner)
    const before = await conversation.turns()
    const form = await c.req.parseBody()
    const retried = before.find((turn) => turn.id === form['retry'])
    const prompt = String(retried?.prompt ?? form['suggested'] ?? form['prompt'] ?? '').trim()
    const current = await runs.current({ owner, key: 'chat' })
    // A second question during an answer: its page shows that answer already.
    if (prompt === '' || current?.running) return c.body(null, 204)

    const id = randomUUID()
    const others = before.filter((turn) => turn !== retried)
    const run = await runs.start(
      async function* ({ signal, run: { path } = { path: '' } }) {
        const { sources = [], tokens } = reply(prompt, others, signal)
        await conversation.begin({ id, prompt, sources, text: '' }, retried)
        if (retried) {
          const target = `#turn-${retried.id}`
          yield new Fragment('chat.html', 'status', {}, { target, swap: 'delete' })
        }
        yield* streamToFragments(linked(tokens, sources, id), 'chat.html', 'turn', {
          extraContext: { id, prompt, sources, run: path },
          statusBlock: 'status',
        })
      },
      { owner, key: 'chat', onEnd: (reason, { text }) => conversation.end(id, text, reason) },
    )
    // A browser without JavaScript gets the whole page.
    return new EventStream(run, { pageContext: () => ({ turns: others, model: modelName() }) })
  })

  app.post('/new', async (c) => {
    const owner = ownerOf(c)
    const run = await runs.current({ owner, key: 'chat' })
    if (run?.running) await runs.stop(run.id, { owner })
    await conversationOf(store, owner).clear()
    return c.redirect('/', 303)
  })

  app.route('/runs', runRoutes(runs))
  app.get('/health', async (c) => {
    const health = await runs.health()
    return c.json(health, health.store === 'up' ? 200 : 503)
  })
  return app
}

/** Puts in front of a text what links its marks [1], [2], … to the sources. It is never shown. */
async function* linked(tokens: AsyncIterable<string>, sources: readonly Source[], id: string) {
  const links = sources.map((_, n) => `[${n + 1}]: #src-${id}-${n + 1}\n`)
  if (links.length > 0) yield `${links.join('')}\n`
  yield* tokens
}
