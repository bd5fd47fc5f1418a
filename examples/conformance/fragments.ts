import { Hono } from 'hono'
import { EventStream, Page, streamToFragments } from 'swapstream'
import type { Updates } from 'swapstream/core'
import { watched } from './counters.ts'
import { readField, readJson, refuse, texts } from './input.ts'

const words = (text: string): string[] => text.split(/(?<=\s)/)

/** A block that is yielded whole for every token: the plainest way to grow. */
function answer(tokens: readonly string[], block: string, updates: Updates = 'full'): EventStream {
  return new EventStream(
    watched(() => streamToFragments(tokens, 'answer.html', block)),
    updates === 'full' ? { updates, frameMs: 0 } : { updates },
  )
}

/** Pages, and streams for htmx. */
export const fragments = new Hono()
  .get('/', () => new Page('index.html'))
  .get('/template-error', () => answer(['one ', 'two ', 'three ', 'four '], 'failing'))
  .post('/text', async (c) => answer(texts(await readJson(c), 'tokens'), 'text'))
  .post('/markdown', async (c) => answer(texts(await readJson(c), 'tokens'), 'markdown'))
  .post('/auto', async (c) => {
    const body = await readJson(c)
    const { block } = body
    if (block !== 'text' && block !== 'markdown') refuse(422, '"block" is "text" or "markdown".')
    return answer(texts(body, 'tokens'), block, 'diff')
  })
  .post('/form', async (c) => answer(words(await readField(c, 'prompt')), 'text'))
