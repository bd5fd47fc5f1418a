import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
} from 'swapstream'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { recordingLog } from '../support/recording-log.ts'
import { shownAtEnd } from '../support/shown.ts'

const templates = {
  'chat.html':
    '<head>{% include "swapstream/head.html" %}</head><form action="/bot/chat" method="post"></form>{% block answer %}<p>{{ text }}</p>{% endblock %}',
}
const STREAM = {
  accept: 'text/html, text/event-stream',
  'hx-request': 'true',
  'hx-request-type': 'partial',
}

/** A chat with runs. Its addresses begin with `/bot`, as browsers see them. */
function chatOn(app: Hono) {
  const log = recordingLog()
  const runs = createRuns({ path: '/bot/runs' })
  let go = (): void => {}
  app.use(swapstream({ templates, log, assets: '/bot/swapstream' }))
  app.get('/', () => new Page('chat.html'))
  app.post('/chat', async (c) => {
    const gone = new Promise<void>((resolve) => (go = resolve))
    const run = await runs.start(
      () =>
        streamToFragments(
          (async function* () {
            yield 'one '
            await gone
            yield 'two'
          })(),
          'chat.html',
          'answer',
        ),
      { owner: ownerOf(c) },
    )
    return c.req.header('hx-request') ? new EventStream(run) : c.redirect('/bot/', 303)
  })
  app.route('/runs', runRoutes(runs))
  const warnings = (): number => log.lines.filter(({ level }) => level === 'warn').length
  return { app, go: () => go(), warnings }
}

/** Ways to stand below `/bot`. */
const ways: Readonly<Record<string, () => ReturnType<typeof chatOn>>> = {
  'basePath()': () => chatOn(new Hono().basePath('/bot') as Hono),
  'route()': () => {
    const chat = chatOn(new Hono())
    return { ...chat, app: new Hono().route('/bot', chat.app) }
  },
  'mount()': () => {
    const chat = chatOn(new Hono())
    return { ...chat, app: new Hono().mount('/bot', chat.app.fetch) }
  },
  'a proxy that takes the path away': () => {
    const chat = chatOn(new Hono())
    const proxy = new Hono().all('/bot/*', (c) => {
      const url = new URL(c.req.url)
      url.pathname = url.pathname.replace('/bot', '')
      return chat.app.fetch(new Request(url, c.req.raw))
    })
    return { ...chat, app: proxy }
  },
}

const post = (headers: Record<string, string>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams({ prompt: 'Hi' }),
  headers: { origin: 'http://localhost', ...headers },
})

describe.each(Object.entries(ways))('a chat below a path by %s', (_, below) => {
  test('has its page and its assets, streams, and goes on after a break', async () => {
    const { app, go, warnings } = below()
    const get = (path: string, init?: RequestInit) => app.request(`http://localhost${path}`, init)
    const page = await get('/bot/')
    for (const [, path] of (await page.text()).matchAll(/(?:href|src)="(\/[^"]+)"/g))
      expect([path, (await get(path!)).status]).toEqual([path, 200])

    const first = await get('/bot/chat', post(STREAM))
    const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!
    const seen: ReadEvent[] = []
    for await (const event of readEvents(first)) {
      seen.push(event)
      if (event.id) break
    }
    const data = seen.map((event) => event.data).join('')
    const path = /hx-sse:connect="(\/bot\/runs\/[^"]+)"/.exec(data)![1]!
    go()
    const rest = await get(path, {
      headers: { ...STREAM, cookie, 'last-event-id': seen.at(-1)!.id! },
    })
    expect(rest.status).toBe(200)
    for await (const event of readEvents(rest)) seen.push(event)
    expect(shownAtEnd(seen, { htmx: 4 })).toContain('one two')
    expect(warnings()).toBe(0)
  })

  test('sends a form without scripts back to its page', async () => {
    const { app } = below()
    const answer = await app.request('http://localhost/bot/chat', post({ accept: 'text/html' }))
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/bot/'])
  })
})
