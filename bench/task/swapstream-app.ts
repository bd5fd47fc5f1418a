import { Hono } from 'hono'
import {
  createRuns,
  EventStream,
  Fragment,
  streamToFragments,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { serve } from 'swapstream/node'
import { ask, read, type Asked } from './ask.ts'
import { page } from './page.ts'
import { Answer, templates } from './template.ts'
import type { Listen } from '../rivals.ts'

/**
 * swapstream through its public entry points, with the default settings and these options.
 *
 * @param shared All clients that ask for the same answer subscribe to one run.
 */
export function listenWith(options: SwapstreamOptions, shared: boolean = false): Listen {
  const runs = createRuns()
  const app = new Hono()
  app.use(
    swapstream({
      templates,
      // All clients of a bench have one address, and a block sent 2,000 times is 9 MB.
      limits: { maxStreamsPerClient: Infinity, maxStreams: Infinity, maxOutputBytes: Infinity },
      ...options,
    }),
  )
  app.route('/', page)
  app.get('/answer', async (c) => {
    const asked = read(c.req.url)
    const source = ({ signal }: { signal: AbortSignal }): AsyncIterable<unknown> =>
      fragments(asked, signal)
    const form = asked.heartbeatMs > 0 ? { heartbeatMs: asked.heartbeatMs } : {}
    if (!shared) return new EventStream(source, form)
    return new EventStream(await runs.start(source, { owner: 'bench', key: c.req.url }), form)
  })
  return (ready) =>
    void serve(app, {
      port: 0,
      hostname: '127.0.0.1',
      onListen: (url) => ready(Number(new URL(url).port)),
    })
}

/** The template of a chat as the guide says it; a listed block as a generator written by hand. */
function fragments(asked: Asked, signal: AbortSignal): AsyncIterable<Fragment> {
  const { template } = asked
  if (template === 'answer') return streamToFragments(ask(asked, signal), 'answer.html', 'answer')
  return byHand(asked, signal)
}

async function* byHand(asked: Asked, signal: AbortSignal): AsyncGenerator<Fragment> {
  const answer = new Answer(asked.template, asked.n)
  const name = `${asked.template}.html`
  for await (const token of ask(asked, signal)) {
    answer.add(token)
    yield new Fragment(name, 'answer', answer.context(true))
  }
  yield new Fragment(name, 'answer', answer.context(false), { final: true })
}
