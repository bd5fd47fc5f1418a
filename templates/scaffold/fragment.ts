import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { mount, Page, stream, streamToFragments } from 'swapstream'
import { z } from 'zod'

/** The input of the form. */
const input = z.object({ prompt: z.string().trim().min(1, 'Write something first.') })
export type SampleNameInput = z.infer<typeof input>

/** The source of the text. Put your model here, and pass it the signal: it aborts when the client disconnects. */
async function* write({ prompt }: SampleNameInput, signal: AbortSignal): AsyncGenerator<string> {
  for (const word of `You wrote: ${prompt}`.split(/(?<= )/)) {
    await sleep(20, undefined, { signal })
    yield word
  }
}

/** POST /sample-name: the block "answer" of the page, rendered again as the text grows. */
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

/** The routes of this file: the page, and the stream. */
export const routes = new Hono()
routes.get('/sample-name', () => new Page('sample-name.html'))
mount(routes, sampleNameStream)
