import { expect, test } from 'vitest'
import { readEvents } from 'swapstream/client'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms()

test('examples/runs shows one answer to all tabs of a browser, until one of them stops it', async () => {
  const url = await run('examples/runs/server.ts', [], { PORT: '0' }).url
  const write = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${url}/answers`, { method: 'POST', redirect: 'manual', headers })
  const first = await write({})
  const cookie = first.headers.get('set-cookie')!.split(';')[0]!
  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  const page = first.headers.get('location')!
  // Sent twice, it is written once.
  expect((await write(headers)).headers.get('location')).toBe(page)

  const path = /hx-sse:connect="([^"]+)"/.exec(await (await fetch(url + page)).text())![1]!
  const tabs = [0, 1].map(async () => {
    const stream = await fetch(url + path, { headers: { ...headers, accept: 'text/event-stream' } })
    let text = ''
    for await (const { data, event } of readEvents(stream)) {
      text += data
      if (event === 'done') return { data, text }
      if (text.includes('keeps')) await fetch(`${url}${path}/stop`, { method: 'POST', headers })
    }
    return undefined
  })
  for (const tab of await Promise.all(tabs)) {
    expect(tab?.data).toBe('{"reason":"stopped"}')
    expect(tab?.text).toMatch(/A run keeps[^]*Made by this server, drawn by this server, cut\./)
  }
})
