import { Hono } from 'hono'
import { EventStream, Page, streamToFragments } from 'swapstream'
import { watched } from './counters.ts'
import { readField, readJson, texts } from './input.ts'

const words = (text: string): string[] => text.split(/(?<=\s)/)

/** The whole block for every token: the plainest way in which an answer can grow. */
function answer(tokens: readonly string[], block: string): EventStream {
  return new EventStream(
    watched(() => streamToFragments(tokens, 'answer.html', block)),
    { delivery: 'full' },
  )
}

/** Pages, and streams on the wire for htmx. */
export const fragments = new Hono()
  .get('/', () => new Page('index.html'))
  .get('/template-error', () => answer(['one ', 'two ', 'three ', 'four '], 'failing'))
  .post('/text', async (c) => answer(texts(await readJson(c), 'tokens'), 'text'))
  .post('/form', async (c) => answer(words(await readField(c, 'prompt')), 'text'))
