import { serve } from '@hono/node-server'
import { streamText } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { Hono } from 'hono'
import { ask, read, type Asked } from '../task/ask.ts'
import type { Listen } from '../rivals.ts'

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

/** A model of the SDK's own kind for tests, which says what every model here says. */
function model(asked: Asked): MockLanguageModelV3 {
  return new MockLanguageModelV3({
    doStream: async ({ abortSignal }) => {
      const tokens = ask(asked, abortSignal ?? new AbortController().signal)
      return {
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings: [] })
            controller.enqueue({ type: 'text-start', id: '0' })
          },
          async pull(controller) {
            const { done, value } = await tokens.next()
            if (!done) return controller.enqueue({ type: 'text-delta', id: '0', delta: value })
            controller.enqueue({ type: 'text-end', id: '0' })
            controller.enqueue({
              type: 'finish',
              finishReason: { unified: 'stop', raw: undefined },
              usage: USAGE,
            })
            controller.close()
          },
          cancel: async () => void (await tokens.return(undefined)),
        }),
      }
    },
  })
}

const app = new Hono()
app.get('/answer', (c) =>
  streamText({
    model: model(read(c.req.url)),
    prompt: 'go',
    abortSignal: c.req.raw.signal,
  }).toUIMessageStreamResponse(),
)

const listen: Listen = (ready) =>
  void serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => ready(port))
export default listen
