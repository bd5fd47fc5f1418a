import { Hono } from 'hono'
import {
  createRuns,
  EventStream,
  streamToFragments,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { serve } from 'swapstream/node'
import { ask, read } from './ask.ts'
import { page } from './page.ts'
import { templates } from './template.ts'
import type { Listen } from '../rivals.ts'

/**
 * swapstream through its public door, with the default settings and what is given here.
 *
 * @param shared All who ask for the same get the same: one run, and each of them looks on.
 */
export function listenWith(options: SwapstreamOptions, shared: boolean = false): Listen {
  const runs = createRuns()
  const app = new Hono()
  app.use(
    swapstream({
      templates,
      // All clients of a bench have one address, and a block sent 8,000 times is 140 MB.
      limits: { maxStreamsPerClient: Infinity, maxStreams: Infinity, maxOutputBytes: Infinity },
      ...options,
    }),
  )
  app.route('/', page)
  app.get('/answer', async (c) => {
    const asked = read(c.req.url)
    const source = ({ signal }: { signal: AbortSignal }): AsyncIterable<unknown> =>
      streamToFragments(
        ask(asked, signal),
        asked.markdown ? 'markdown.html' : 'answer.html',
        'answer',
      )
    const form = asked.beatMs > 0 ? { heartbeatMs: asked.beatMs } : {}
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
