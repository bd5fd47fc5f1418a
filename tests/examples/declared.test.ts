import { describe, expect, test } from 'vitest'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms()

const json = (body: object, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
})

describe('examples/progress', () => {
  test('shows the same work to people and to programs', async () => {
    const url = await run('examples/progress/server.ts', [], { PORT: '0' }).url
    const form = (pages: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}/report`, { method: 'POST', body: new URLSearchParams({ pages }), headers })

    const drawn = await (
      await form('2', { accept: 'text/event-stream', 'HX-Request': 'true' })
    ).text()
    expect(drawn).toContain('Page 1 of 2 is written.')
    expect(drawn).toMatch(/All 2 pages are written\.[^]*href="\/reports\/2"[^]*event: done/)

    const page = await (await form('1', { accept: 'text/html' })).text()
    expect(page).toMatch(/<h1>A report<\/h1>[^]*All 1 pages[^]*href="\/reports\/1"/)

    const wrong = await form('51', { 'HX-Request': 'true' })
    expect([wrong.status, wrong.headers.get('hx-retarget')]).toEqual([422, '#ask'])
    expect(await wrong.text()).toMatch(/value="51"[^]*At most 50\./)

    const lines = await fetch(
      `${url}/api/report`,
      json({ pages: 2 }, { accept: 'application/x-ndjson' }),
    )
    expect(await lines.text()).toBe('{"done":1}\n{"done":2}\n{"url":"/reports/2"}\n')
  })
})

describe('examples/decorators', () => {
  test('serves the methods of a class to who has the token', async () => {
    const env = { PORT: '0', SUPPORT_TOKEN: 'let-me-in' }
    const url = await run('examples/decorators/server.ts', [], env).url
    const ask = (headers: Record<string, string>, question = 'Why?'): Promise<Response> =>
      fetch(`${url}/ask`, json({ question }, headers))
    expect((await ask({})).status).toBe(401)
    expect((await ask({ authorization: 'Bearer x' })).status).toBe(403)
    const right = { authorization: 'Bearer let-me-in' }
    expect((await ask(right, '')).status).toBe(422)
    expect(await (await ask(right)).text()).toBe('data: You \n\ndata: asked: \n\ndata: Why?\n\n')
  })
})
