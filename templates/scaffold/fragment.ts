import { Hono } from 'hono'
import { mount, Page, stream, streamToFragments } from 'swapstream'
import { fakeTokens } from 'swapstream/testing'
import { z } from 'zod'

/** What the form sends. */
const input = z.object({ prompt: z.string().trim().min(1, 'Write something first.') })
export type SampleNameInput = z.infer<typeof input>

/** Where the text comes from. Put your model here, and hand it the signal: it aborts when the reader leaves. */
function write({ prompt }: SampleNameInput, signal: AbortSignal): AsyncIterable<string> {
  return fakeTokens(`You wrote: ${prompt}`, { everyMs: 20, signal })
}

/** POST /sample-name: the block "answer" of the page, as it is written. */
export const sampleNameStream = stream(
  {
    path: '/sample-name',
    input: { form: input },
    encoding: 'fragments',
    invalid: ([error], { form }) =>
      new Page(
        'sample-name.html',
        { problem: error?.message, prompt: form?.['prompt'] },
        { block: 'form', target: '#sample-name-form' },
      ),
  },
  async function* ({ form, signal }) {
    yield* streamToFragments(write(form, signal), 'sample-name.html', 'answer')
  },
)

/** What the app serves of it: the page, and the stream. */
export const routes = new Hono()
routes.get('/sample-name', () => new Page('sample-name.html'))
mount(routes, sampleNameStream)
