import { Hono } from 'hono'
import { EventStream, streamToFragments, swapstream, type SwapstreamOptions } from 'swapstream'
import { serve } from 'swapstream/node'
import { ask, read } from './ask.ts'
import { page } from './page.ts'
import { templates } from './template.ts'
import type { Listen } from '../rivals.ts'

/** swapstream through its public door, with the default settings and what is given here. */
export function listenWith(options: SwapstreamOptions): Listen {
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
  app.get('/answer', (c) => {
    const asked = read(c.req.url)
    return new EventStream(
      ({ signal }) => streamToFragments(ask(asked, signal), 'answer.html', 'answer'),
      asked.beatMs > 0 ? { heartbeatMs: asked.beatMs } : {},
    )
  })
  return (ready) =>
    void serve(app, {
      port: 0,
      hostname: '127.0.0.1',
      onListen: (url) => ready(Number(new URL(url).port)),
    })
}
