import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { mount, sequenced, stream } from 'swapstream'
import { z } from 'zod'

/** The input, the value of each event, and the final value. */
const input = z.object({ prompt: z.string().min(1) })
const chunk = z.object({ text: z.string() })
const final = z.object({ characters: z.int() })
export type SampleNameInput = z.infer<typeof input>
export type SampleNameChunk = z.infer<typeof chunk>
export type SampleNameFinal = z.infer<typeof final>

/** The source of the text. Put your model here, and pass it the signal: it aborts when the client disconnects. */
async function* write({ prompt }: SampleNameInput, signal: AbortSignal): AsyncGenerator<string> {
  for (const word of `You wrote: ${prompt}`.split(/(?<= )/)) {
    await sleep(20, undefined, { signal })
    yield word
  }
}

/** POST /sample-name: numbered events, NDJSON or one JSON document, by `Accept`. */
export const sampleNameStream = stream(
  { path: '/sample-name', input: { json: input }, chunk, final, encoding: sequenced },
  async function* ({ json, signal }) {
    let characters = 0
    for await (const text of write(json, signal)) {
      characters += text.length
      yield { text }
    }
    return { characters }
  },
)

/** The routes of this file. */
export const routes = new Hono()
mount(routes, sampleNameStream)
