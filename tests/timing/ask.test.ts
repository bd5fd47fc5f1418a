import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { listDocuments } from '../../examples/ask/corpus.ts'
import { extract } from '../../examples/ask/extractive.ts'
import { find } from '../../examples/ask/find.ts'
import { toPassages } from '../../examples/ask/passages.ts'
import { SearchIndex } from '../../examples/ask/search-index.ts'
import { writeOut } from '../../examples/ask/write-out.ts'

const PARAGRAPH =
  '## Part\n\nSome `words` with **marks** and [links](https://example.com), again and again.\n\n'
const DECLARATION =
  '/** Says some `words` with {@link marks}. */\nexport declare function f(a: string): void;\n'

test('the index of this checkout answers a question in less time than a person notices', async () => {
  const index = new SearchIndex()
  await index.fill(await listDocuments({ root: process.cwd() }))
  const question = 'how do I read a query parameter in hono?'
  const start = performance.now()
  for (let n = 0; n < 20; n++) {
    const found = find(question, undefined, index)
    extract(found.question, found.sources)
  }
  expect((performance.now() - start) / 20).toBeLessThan(250)
})

test('large files are read without blocking the event loop', async () => {
  const root = mkdtempSync(join(tmpdir(), 'swapstream-corpus-'))
  const files = {
    'node_modules/a/README.md': PARAGRAPH.repeat(9_000),
    'node_modules/a/index.d.ts': DECLARATION.repeat(1_900),
    'node_modules/b/README.md': PARAGRAPH.repeat(9_000),
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  await new SearchIndex().fill(await listDocuments({ root }))
  delay.disable()
  rmSync(root, { recursive: true })
  // What it guards against is half a second and more.
  expect(delay.max / 1e6).toBeLessThan(250)
})

test.each(['[', '`', '``` ', '*a ', '<!-- ', '_', '| ', '<a ', '![](', '**', '> ', '- '])(
  '1 MB of %j is read without trying every way',
  (mark) => {
    const text = `${mark.repeat(Math.ceil(1_000_000 / mark.length / 2))}\n${`${mark}\n`.repeat(20_000)}`
    const start = performance.now()
    toPassages(text, { package: 'sample', file: 'README.md' })
    expect(performance.now() - start).toBeLessThan(1_500)
  },
)

test('a finished text is written at about the pace that was asked for', async () => {
  const start = performance.now()
  const words = writeOut('word '.repeat(40), {
    signal: new AbortController().signal,
    tokensPerSecond: 200,
  })
  let count = 0
  for await (const _ of words) count += 1
  expect(count).toBe(40)
  const tookMs = performance.now() - start
  expect(tookMs).toBeGreaterThan(100)
  expect(tookMs).toBeLessThan(1_000)
})
