import { afterEach, expect, test } from 'vitest'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { usePrograms } from '../support/run-program.ts'
import { shownAfterEach } from '../support/shown.ts'

const run = usePrograms()
const SERVER = 'examples/notifications/server.ts'
const start = (env: Record<string, string> = {}): Promise<string> =>
  run(SERVER, [], { PORT: '0', ...env }).url

const opened: AbortController[] = []
afterEach(() => {
  for (const reader of opened.splice(0)) reader.abort()
})
const browser = useBrowser()
async function follow(url: string): Promise<AsyncIterator<ReadEvent>> {
  const left = new AbortController()
  opened.push(left)
  const headers = { accept: 'text/event-stream' }
  return readEvents(await fetch(`${url}/feed`, { headers, signal: left.signal }))
}
const post = (url: string, text: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/notes`, {
    method: 'POST',
    body: new URLSearchParams({ text }),
    headers,
    redirect: 'manual',
  })

test('examples/notifications sends every reader the list as it is, then after each change', async () => {
  const url = await start()
  await post(url, 'before')
  const readers = [await follow(url), await follow(url)]
  const told: ReadEvent[][] = readers.map(() => [])
  /** What each page shows after one more event. */
  const next = (): Promise<(string | undefined)[]> =>
    Promise.all(
      readers.map(async (reader, n) => {
        told[n]!.push((await reader.next()).value!)
        const page = { page: '<ul id="feed"></ul>', target: '#none', at: '#feed' }
        return shownAfterEach(told[n]!, { ...page, htmx: 2 }).at(-1)
      }),
    )
  const before = '<li id="note-1">before</li>'
  expect(await next()).toEqual([before, before])
  await post(url, '<b>now</b>')
  const both = `<li id="note-2">&lt;b&gt;now&lt;/b&gt;</li>${before}`
  expect(await next()).toEqual([both, both])
  // Those who have the list get what is new, and one who comes later the whole.
  expect(told.map((events) => events[1]!.data.includes('note-1'))).toEqual([false, false])
  const late = await (await follow(url)).next()
  expect(late.value).toEqual({ data: `<div hx-swap-oob="innerMorph:#feed">${both}</div>` })
})

test('examples/notifications keeps a silent feed alive with comments', async () => {
  const url = await start({ HEARTBEAT_MS: '30' })
  const left = new AbortController()
  opened.push(left)
  const headers = { accept: 'text/event-stream' }
  const response = await fetch(`${url}/feed`, { headers, signal: left.signal })
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.split(': ping').length > 4) break
  }
  expect(text).toMatch(/^retry: 1000\ndata: .*\n\n(: ping\n\n){4}/)
})

test('examples/notifications answers the form in three ways', async () => {
  const url = await start()
  const plain = await post(url, 'one')
  expect([plain.status, plain.headers.get('location')]).toEqual([303, '/'])
  const htmx = await post(url, 'two', { 'HX-Request': 'true' })
  expect(await htmx.text()).toMatch(/^<form id="write"[^]*value=""/)
  const wrong = await post(url, ' ', { 'HX-Request': 'true' })
  expect([wrong.status, await wrong.text()]).toEqual([
    422,
    expect.stringContaining('Write something.'),
  ])
  expect(await (await fetch(url)).text()).toMatch(/note-2">two<[^]*note-1">one</)
})

test('examples/notifications shows in every tab what one of them sends', async () => {
  const url = await start()
  const tabs = [await browser.open(url), await browser.open(url)]
  const field = tabs[0]!.getByLabel('Tell everybody')
  for (const text of ['Tea is ready', '<img src=x onerror=alert(1)>']) {
    await field.fill(text)
    await tabs[0]!.getByRole('button', { name: 'Send' }).click()
    await eventually(async () => expect(await field.inputValue()).toBe(''))
    for (const tab of tabs)
      await tab.getByRole('listitem').first().filter({ hasText: text }).waitFor()
  }
  for (const tab of tabs) expect(await tab.locator('#feed img').count()).toBe(0)

  await tabs[0]!.getByRole('button', { name: 'Send' }).click()
  await tabs[0]!.getByRole('alert').filter({ hasText: 'Write something.' }).waitFor()
  expect(await tabs[1]!.getByRole('listitem').count()).toBe(2)
})

test('examples/notifications works without JavaScript', async () => {
  const url = await start()
  const tab = await browser.open(url, { javaScriptEnabled: false })
  await tab.getByLabel('Tell everybody').fill('by hand')
  await tab.getByRole('button', { name: 'Send' }).click()
  await tab.getByRole('listitem').filter({ hasText: 'by hand' }).waitFor()
  expect(new URL(tab.url()).pathname).toBe('/')
})
