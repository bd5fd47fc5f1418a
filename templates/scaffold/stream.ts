import { Hono } from 'hono'
import { mount, sequenced, stream } from 'swapstream'
import { fakeTokens } from 'swapstream/testing'
import { z } from 'zod'

/** What is asked for, what each event carries, and what is returned at the end. */
const input = z.object({ prompt: z.string().min(1) })
const chunk = z.object({ text: z.string() })
const final = z.object({ characters: z.int() })
export type SampleNameInput = z.infer<typeof input>
export type SampleNameChunk = z.infer<typeof chunk>
export type SampleNameFinal = z.infer<typeof final>

/** Where the text comes from. Put your model here, and hand it the signal: it aborts when the client leaves. */
function write({ prompt }: SampleNameInput, signal: AbortSignal): AsyncIterable<string> {
  return fakeTokens(`You wrote: ${prompt}`, { everyMs: 20, signal })
}

/** POST /sample-name: numbered frames, NDJSON or one JSON document, as `Accept` says. */
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

/** What the app serves of it. */
export const routes = new Hono()
mount(routes, sampleNameStream)
