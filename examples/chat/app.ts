import hljs from 'highlight.js/lib/common'
import { Hono } from 'hono'
import {
  EventStream,
  Fragment,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
} from 'swapstream'
import type { Conversations, Turn } from './conversations.ts'
import type { Model } from './model.ts'

/** A conversation on one page. Each answer is a run of it: it goes on without its reader, and stops when he says so. */
export function createApp(runs: Runs, model: Model, conversations: Conversations): Hono {
  const app = new Hono()
  const templates = new URL('templates', import.meta.url)
  app.use(swapstream({ templates, markdown: { highlight: hljs } }))

  app.get('/', async (c) => {
    const owner = ownerOf(c)
    const { id, turns } = conversations.of(owner)
    const running = turns.at(-1)?.state === 'running'
    const run = running && (await runs.current({ owner, key: id }))
    return new Page('chat.html', {
      model: model.name,
      suggestions: model.suggestions,
      turns,
      running,
      run,
    })
  })

  app.post('/chat', async (c) => {
    const owner = ownerOf(c)
    const conversation = conversations.of(owner)
    const { prompt, suggested, retry } = await c.req.parseBody()
    const before = await runs.current({ owner, key: conversation.id })
    let turn: Turn | undefined

    const run = await runs.start(
      async function* ({ signal, run: own }) {
        const old = typeof retry === 'string' ? conversation.takeBack(retry) : undefined
        turn = conversation.ask(old?.prompt ?? String(suggested ?? prompt))
        const { id, prompt: asked } = turn
        const extraContext = { id, prompt: asked, run: own?.path }
        const answer = written(turn, model.answer(conversation.messages, signal))
        if (old)
          yield new Fragment(
            'chat.html',
            'status',
            {},
            { target: `#turn-${old.id}`, swap: 'delete' },
          )
        yield* streamToFragments(answer, 'chat.html', 'turn', {
          extraContext,
          statusBlock: 'status',
        })
      },
      {
        owner,
        key: conversation.id,
        onEnd: (reason) => {
          if (turn) turn.state = reason === 'stop' ? 'whole' : 'cut'
        },
      },
    )
    if (!c.req.header('HX-Request')) return c.redirect('/', 303)
    // A second question while the first is answered: its page has the answer already.
    return run.id === before?.id ? c.body(null, 204) : new EventStream(run)
  })

  app.post('/new', async (c) => {
    conversations.forget(ownerOf(c))
    return c.redirect('/', 303)
  })
  app.route('/runs', runRoutes(runs))
  return app
}

/** The tokens, kept in their turn as they come. */
async function* written(turn: Turn, tokens: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const token of tokens) {
    turn.text += token
    yield token
  }
}
