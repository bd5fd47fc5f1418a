import { expect, test } from 'vitest'
import { readEvents, type ReadEvent } from 'swapstream/client'
import manifest from '../../node_modules/hono/package.json' with { type: 'json' }
import { useBrowser } from '../support/browser.ts'
import { usePrograms } from '../support/run-program.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'

const run = usePrograms()
const browser = useBrowser()
const SERVER = 'examples/tools/server.ts'

test('examples/tools shows each call, then its result, then the answer, in that order', async () => {
  const url = await run(SERVER, [], { PORT: '0' }).url
  const response = await fetch(`${url}/ask`, {
    method: 'POST',
    body: new URLSearchParams({ names: 'hono, ../../etc' }),
    headers: { accept: 'text/html, text/event-stream', 'hx-request': 'true' },
  })
  const events: ReadEvent[] = []
  for await (const event of readEvents(response)) events.push(event)
  const page = { page: '<ol id="steps"></ol><p id="answer"></p>', htmx: 2 } as const
  const first = `<li>installedVersion(hono) → ${manifest.version}</li>`
  const all = `${first}<li>installedVersion(../../etc) → is no name of a package</li>`
  const steps = shownAfterEach(events, { ...page, at: '#steps' })
  // A result and the call behind it may come in one frame.
  const shown = [...new Set(steps)].filter((each) => each !== first)
  expect(shown).toEqual([
    '<li>installedVersion(hono) …</li>',
    `${first}<li>installedVersion(../../etc) …</li>`,
    all,
  ])
  const answers = shownAfterEach(events, page)
  const begins = answers.findIndex((answer) => answer !== '')
  expect(steps[begins]).toBe(all)
  expect(answers[begins]).toMatch(/^<p [^>]*>I /)
  expect(shownAtEnd(events, page)).toMatch(/^<p aria-busy="false">I /)
  expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
})

test('examples/tools works in a browser, with scripts and without', async () => {
  const url = await run(SERVER, [], { PORT: '0' }).url
  for (const javaScriptEnabled of [true, false]) {
    const tab = await browser.open(url, { javaScriptEnabled })
    await tab.getByRole('button', { name: 'Ask' }).click()
    await tab.locator('#answer p[aria-busy="false"]').waitFor()
    expect(await tab.getByRole('listitem').count()).toBe(2)
    expect(await tab.locator('#answer').textContent()).toContain(`hono ${manifest.version}`)
  }
})
