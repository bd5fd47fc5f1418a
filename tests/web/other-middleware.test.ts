import { gunzipSync } from 'node:zlib'
import { Hono, type MiddlewareHandler } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { bodyLimit } from 'hono/body-limit'
import { cache } from 'hono/cache'
import { some } from 'hono/combine'
import { compress } from 'hono/compress'
import { contextStorage } from 'hono/context-storage'
import { cors } from 'hono/cors'
import { csrf } from 'hono/csrf'
import { etag } from 'hono/etag'
import { languageDetector } from 'hono/language'
import { logger } from 'hono/logger'
import { methodOverride } from 'hono/method-override'
import { poweredBy } from 'hono/powered-by'
import { prettyJSON } from 'hono/pretty-json'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { timeout } from 'hono/timeout'
import { timing } from 'hono/timing'
import { trimTrailingSlash } from 'hono/trailing-slash'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { EventStream, Fragment, Page, swapstream } from 'swapstream'

/** A store of responses as a browser and Workers have it. */
function memoryCache() {
  const kept = new Map<string, Response>()
  return {
    match: async (key: string) => kept.get(key)?.clone(),
    put: async (key: string, response: Response) => {
      const text = await response.text()
      kept.set(key, new Response(text, response))
    },
    delete: async (key: string) => kept.delete(key),
  }
}

const everyone = { verifyUser: () => true, realm: 'x' }
const middlewares: Readonly<Record<string, (app: Hono) => MiddlewareHandler>> = {
  'basicAuth()': () => basicAuth(everyone),
  'bodyLimit()': () => bodyLimit({ maxSize: 1_000 }),
  'cache()': () => cache({ cacheName: 'pages', wait: true, cacheControl: 'max-age=60' }),
  'compress()': () => compress({ threshold: 0 }),
  'contextStorage()': () => contextStorage(),
  'cors()': () => cors(),
  'csrf()': () => csrf(),
  'etag()': () => etag(),
  'languageDetector()': () =>
    languageDetector({ supportedLanguages: ['en'], fallbackLanguage: 'en', caches: false }),
  'logger()': () => logger(() => {}),
  'methodOverride()': (app) => methodOverride({ app }),
  'poweredBy()': () => poweredBy(),
  'prettyJSON()': () => prettyJSON(),
  'requestId()': () => requestId(),
  'secureHeaders()': () => secureHeaders(),
  'some()': () => some(basicAuth(everyone), csrf()),
  'timeout()': () => timeout(60_000),
  'timing()': () => timing(),
  'trimTrailingSlash()': () => trimTrailingSlash(),
  'one that reads a copy': () => async (c, next) => {
    await next()
    void c.res.clone().text()
  },
  'one that replaces the response': () => async (c, next) => {
    await next()
    c.res = new Response(c.res.body, c.res)
  },
  'one that replaces the headers': () => async (c, next) => {
    await next()
    c.header('X-Frame-Options', 'DENY')
    c.res.headers.delete('Referrer-Policy')
  },
}

const templates = { 'x.html': '<main>{% block b %}<p>{{ text }}</p>{% endblock %}</main>' }
const HTML = { accept: 'text/html', authorization: `Basic ${btoa('a:b')}` }
const STREAM = {
  ...HTML,
  accept: 'text/html, text/event-stream',
  'hx-request': 'true',
  'accept-encoding': 'gzip',
}

function appWith(name: string, order: 'outside' | 'inside') {
  let go!: () => void
  const gone = new Promise<void>((resolve) => (go = resolve))
  const app = new Hono()
  const own = swapstream({ templates })
  const other = middlewares[name]!(app)
  for (const each of order === 'outside' ? [other, own] : [own, other]) app.use(each)
  app.get('/page', () => new Page('x.html', { text: 'hello' }))
  app.post('/form', async (c) => new Page('x.html', { text: (await c.req.parseBody())['text'] }))
  app.get('/stream', () => {
    return new EventStream(async function* () {
      yield new Fragment('x.html', 'b', { text: 'first' })
      await gone
      yield new Fragment('x.html', 'b', { text: 'first, last' })
    })
  })
  return { app, go }
}

const textOf = async (response: Response): Promise<string> => {
  const bytes = Buffer.from(await response.arrayBuffer())
  const isZipped = response.headers.get('content-encoding') === 'gzip'
  return (isZipped ? gunzipSync(bytes) : bytes).toString()
}

async function expectPage({ app }: ReturnType<typeof appWith>): Promise<void> {
  // Twice: the second time a cache answers, or a tag is compared.
  for (const _ of [1, 2]) {
    const response = await app.request('/page', { headers: HTML })
    expect(response.status).toBe(200)
    expect(await textOf(response)).toBe('<main><p>hello</p></main>')
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'")
  }
}

async function expectForm({ app }: ReturnType<typeof appWith>): Promise<void> {
  const response = await app.request('http://localhost/form', {
    method: 'POST',
    body: new URLSearchParams({ text: 'sent' }),
    headers: { ...HTML, origin: 'http://localhost' },
  })
  expect(await textOf(response)).toBe('<main><p>sent</p></main>')
}

async function expectStream({ app, go }: ReturnType<typeof appWith>): Promise<void> {
  const response = await app.request('/stream', { headers: STREAM })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  expect(response.headers.get('content-encoding')).toBe(null)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  // The first frame does not wait for the rest.
  let text = (await reader.read()).value!
  expect(text).toContain('first')
  go()
  for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value
  expect(text).toContain(', last')
  expect(text).toMatch(/event: done\ndata: \{"reason":"done"\}\n\n$/)
}

afterEach(() => void vi.unstubAllGlobals())

describe.each(Object.keys(middlewares))('%s', (name) => {
  test.each(['outside', 'inside'] as const)(
    '%s of swapstream leaves pages, forms and streams as they are',
    async (order) => {
      const kept = memoryCache()
      vi.stubGlobal('caches', { open: async () => kept })
      await expectPage(appWith(name, order))
      await expectForm(appWith(name, order))
      await expectStream(appWith(name, order))
    },
  )
})
