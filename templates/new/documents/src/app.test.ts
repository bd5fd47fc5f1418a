import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStream } from 'swapstream/testing'
import { createApp } from './app.ts'
import { readDocuments } from './documents.ts'
import { memoryStore } from './store.ts'

const app = createApp(memoryStore())
const ask = (prompt: string) =>
  openStream(app, '/chat', { method: 'POST', body: new URLSearchParams({ prompt }) })

test('every section can be found by its title', () => {
  const { sections, search } = readDocuments('docs')
  assert.ok(sections.length > 0)
  for (const { title } of sections)
    assert.ok(
      search(title).some((found) => found.title === title),
      title,
    )
})

test('an answer shows its sources, cites them, and is there when the page loads again', async () => {
  const stream = await ask(readDocuments('docs').sections[0]!.title)
  const cookie = stream.response.headers.get('set-cookie')!
  assert.equal((await stream.all()).at(-1)!.data, '{"reason":"done"}')
  const html = await (await app.request('/', { headers: { cookie } })).text()
  const [, source] = /<li class="source" id="([^"]+)"/.exec(html)!
  assert.ok(html.includes(`href="#${source}"`))
})

test('a question that nothing answers gets no sources', async () => {
  const text = JSON.stringify(await (await ask('xylophone zzzz')).all())
  assert.match(text, /say nothing about that/)
  assert.doesNotMatch(text, /class=\\"source/)
})
