import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { usePrograms } from '../support/run-program.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'

/** The program of the README, as printed: each file has its name at the start of the sentence above it. */
const files = new Map(
  [
    ...readFileSync('README.md', 'utf8').matchAll(/^`([\w/.]+)`[^\n]*\n\n```\w+\n([^]*?)^```$/gm),
  ].map(([, name, text]) => [name!, text!]),
)

// In the package, so that the program imports it by its name.
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(import.meta.dirname, '.readme-'))
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = usePrograms('sources')

test('the program of the README names its files, and its server has at most 15 lines', () => {
  expect([...files.keys()]).toEqual(['server.ts', 'ask.ts', 'templates/chat.html'])
  expect(files.get('server.ts')!.trim().split('\n').length).toBeLessThanOrEqual(15)
})

test('the program of the README runs as printed: a page, and an answer that grows', async () => {
  const { url } = run(join(folder, 'server.ts'), [], { PORT: '0' }, folder)
  const page = await (await fetch(await url)).text()
  expect(page).toContain('hx-post="/chat"')
  expect(page).toContain('<script src="/swapstream/htmx.js"')
  const response = await fetch(`${await url}/chat`, {
    method: 'POST',
    body: new URLSearchParams({ prompt: 'Is <b> text?' }),
    headers: { accept: 'text/html, text/event-stream', 'hx-request': 'true' },
  })
  const events: ReadEvent[] = []
  for await (const event of readEvents(response)) events.push(event)
  expect(new Set(shownAfterEach(events, { htmx: 2 })).size).toBeGreaterThan(3)
  expect(shownAtEnd(events, { htmx: 2 })).toContain('You asked: Is &lt;b&gt; text?')
  expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
})
