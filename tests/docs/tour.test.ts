import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { EventStream, nunjucksEngine, streamToFragments, swapstream } from 'swapstream'
import { changesOf } from '../../src/html/diff.ts'
import { pageHtml } from '../../src/html/page-html.ts'
import { blockTree } from '../../src/htmx/block-tree.ts'
import { StreamPage } from '../../src/htmx/stream-page.ts'
import { accumulate } from '../../src/models/accumulate.ts'
import { tokens } from '../../src/models/tokens.ts'
import { encodeEvent } from '../../src/sse/sse.ts'

const MODEL = ['Hel', 'lo']
const TEMPLATES = { 'chat.html': '{% block response %}<p>{{ text }}</p>{% endblock %}' }

/** The stations of the tour, by their number. */
const tour = new Map(
  [...readFileSync('src/README.md', 'utf8').matchAll(/^\| (\d) \| `([^`]+)` \| (.+) \|$/gm)].map(
    ([, number, file, says]) => [
      Number(number),
      { file: file!, quoted: [...says!.matchAll(/`([^`]+)`/g)].map(([, text]) => text!) },
    ],
  ),
)
const quoted = (station: number): string[] => tour.get(station)!.quoted

async function second<T>(values: AsyncIterable<T>): Promise<T> {
  let count = 0
  for await (const value of values) if (++count === 2) return value
  throw new Error('There was no second value.')
}

/** The tour writes the lent id as s1. */
const masked = (text: string): string => text.replace(/#s\d\w{3}/g, '#s1')

test('the tour in src/README.md shows what the token really is at each station', async () => {
  expect([...tour.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])

  const token = await second(tokens(MODEL))
  expect(JSON.stringify(token)).toBe(quoted(1)[0])

  const accumulated = await second(accumulate(MODEL))
  expect(JSON.stringify(accumulated)).toBe(quoted(2)[0])

  const fragment = await second(streamToFragments(MODEL, 'chat.html', 'response'))
  expect([fragment.constructor.name, fragment.block, JSON.stringify(fragment.context)]).toEqual(
    quoted(3),
  )

  const engine = nunjucksEngine({ templates: TEMPLATES })
  const renderer = await engine.open('chat.html', 'response', {
    text: 'Hel',
    streaming: true,
    failed: false,
  })
  const html = renderer.render(fragment.context)
  expect(html).toBe(quoted(4)[0])

  const before = blockTree('<p>Hel</p>')
  const after = blockTree(html as string)
  const anywhere = { attributes: true, container: false, start: true, end: false }
  const [change] = changesOf(pageHtml(before), after, anywhere).changes!
  expect([change!.how, change!.path[0]!.tag, change!.html]).toEqual(quoted(5))

  const page = new StreamPage({ morphs: true })
  page.show(fragment, before)
  const [message] = page.show(fragment, after)
  expect(masked(message!)).toBe(quoted(6)[0])

  const event = encodeEvent({ data: message! })
  expect(masked(event)).toBe(`${quoted(7)[0]}\n\n`)

  const app = new Hono()
  app.use(swapstream({ templates: TEMPLATES, frameMs: 0 }))
  app.post('/chat', () => new EventStream(() => streamToFragments(MODEL, 'chat.html', 'response')))
  const response = await app.request('/chat', {
    method: 'POST',
    headers: { accept: 'text/event-stream', 'hx-request-type': 'partial' },
  })
  expect(masked(await response.text())).toContain(`${quoted(7)[0]}\n\n`)
})

test('the tour names files that exist', () => {
  for (const { file } of tour.values())
    expect(() => readFileSync(`src/${file}${file.endsWith('/') ? 'engine.ts' : ''}`)).not.toThrow()
})
