import { expect, test } from 'vitest'
import manifest from '../../node_modules/hono/package.json' with { type: 'json' }
import { useBrowser } from '../support/browser.ts'
import { usePrograms } from '../support/run-program.ts'

const browser = useBrowser()
const run = usePrograms()
const SERVER = 'examples/tools/server.ts'

test('examples/tools shows each call, then its result, then the answer, in that order', async () => {
  const url = await run(SERVER, [], { PORT: '0' }).url
  const response = await fetch(`${url}/ask`, {
    method: 'POST',
    body: new URLSearchParams({ names: 'hono, ../../etc' }),
    headers: { accept: 'text/html, text/event-stream', 'hx-request': 'true' },
  })
  const frames = (await response.text()).split('\n\n')
  const steps = (items: string): string =>
    `data: <div hx-swap-oob="innerMorph:#steps">${items}</div>`
  const first = `<li>installedVersion(hono) → ${manifest.version}</li>`
  expect(frames.slice(0, 4)).toEqual([
    steps('<li>installedVersion(hono) …</li>'),
    steps(first),
    steps(`${first}<li>installedVersion(../../etc) …</li>`),
    steps(`${first}<li>installedVersion(../../etc) → is no name of a package</li>`),
  ])
  expect(frames[4]).toMatch(/^data: <p [^>]*>I <\/p>$/)
  expect(frames.at(-2)).toBe('event: done\ndata: {"reason":"stop"}')
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
