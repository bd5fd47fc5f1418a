import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { describe, expect, test } from 'vitest'
import { createRuns, EventStream, FormResult, plain, runRoutes, swapstream } from 'swapstream'
import { recordingLog } from '../support/recording-log.ts'

type Row = Readonly<Record<string, string>>

/** The answer to a request with these headers, and what the log has of it. */
async function answerTo(headers: Row, method = 'POST', url = 'http://app.test/chat') {
  const log = recordingLog()
  const app = new Hono()
  app.use(secureHeaders())
  app.use(swapstream({ templates: {}, log }))
  app.all('/chat', () => new EventStream(() => ['x'], { encoding: plain }))
  app.post('/form', () => new FormResult('/chat'))
  app.route('/runs', runRoutes(createRuns()))
  const { host } = new URL(url)
  const response = await app.request(url, { method, headers: { host, ...headers } })
  const logged = log.lines.map(({ message }) => message).join('\n')
  return { status: response.status, text: await response.text(), logged }
}

const statusOf = async (...request: Parameters<typeof answerTo>): Promise<number> =>
  (await answerTo(...request)).status

const OWN = { origin: 'null', 'sec-fetch-site': 'same-origin' }
const COOKIE = { cookie: 'session=1' }

describe('a request whose page hides its origin', () => {
  test.each<[string, Row, number]>([
    ['of this site passes', OWN, 200],
    ['of this site passes with cookies', { ...OWN, ...COOKIE }, 200],
    ['that a user began passes', { origin: 'null', 'sec-fetch-site': 'none' }, 200],
    ['of another site is refused', { origin: 'null', 'sec-fetch-site': 'cross-site' }, 403],
    ['of a sibling host is refused', { origin: 'null', 'sec-fetch-site': 'same-site' }, 403],
    ['is refused without the word of a browser', { origin: 'null' }, 403],
    ['is refused with a word that no browser says', { origin: 'null', 'sec-fetch-site': '' }, 403],
    [
      'is refused without the word of a browser, also with a Referer of this host',
      { origin: 'null', referer: 'http://app.test/' },
      403,
    ],
  ])('%s', async (_, headers, status) => {
    for (const method of ['POST', 'GET', 'DELETE'])
      expect(await statusOf(headers, method), method).toBe(status)
  })

  test('is refused with a foreign origin, whatever else it says', async () => {
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }
    expect(await statusOf({ ...foreign, 'hx-request': 'true', referer: 'http://app.test/' })).toBe(
      403,
    )
  })

  test('passes for forms and for the Stop of a run, too', async () => {
    expect(await statusOf(OWN, 'POST', 'http://app.test/form')).toBe(303)
    // Nothing is wrong with the request but that there is no such run.
    expect(await statusOf(OWN, 'POST', 'http://app.test/runs/x/stop')).toBe(404)
  })

  test('names the likely policy in the log, and to the client that the origin is hidden', async () => {
    const { logged, text } = await answerTo({ origin: 'null' })
    expect(logged).toMatch(/Referrer-Policy is likely no-referrer/)
    expect(text).toContain('hides its origin (Origin: null)')
  })
})

describe('over plain HTTP, where browsers send no Sec-Fetch headers, a GET with cookies', () => {
  const url = 'http://192.168.1.20:3000/chat'
  test.each<[string, Row, number]>([
    ['passes with a Referer of this host', { referer: 'http://192.168.1.20:3000/a?b' }, 200],
    ['passes as a request of htmx', { 'hx-request': 'true' }, 200],
    ['is refused with a foreign Referer', { referer: 'https://evil.example/' }, 403],
    ['is refused with a Referer of another port', { referer: 'http://192.168.1.20:8080/' }, 403],
    [
      'is refused with a Referer that has this host as its user',
      { referer: 'http://192.168.1.20:3000@evil.example/' },
      403,
    ],
    [
      'is refused with a Referer that has this host in its path',
      { referer: 'http://evil.example/192.168.1.20:3000' },
      403,
    ],
    ['is refused with a Referer that is no address', { referer: 'about:blank' }, 403],
    ['is refused with an empty Referer', { referer: '' }, 403],
    ['is refused with nothing at all', {}, 403],
    [
      'is refused with a foreign Origin, also as a request of htmx',
      { 'hx-request': 'true', origin: 'https://evil.example' },
      403,
    ],
    [
      'is refused from another site, also with a Referer of this host',
      { referer: 'http://192.168.1.20:3000/', 'sec-fetch-site': 'cross-site' },
      403,
    ],
  ])('%s', async (_, headers, status) => {
    expect(await statusOf({ ...COOKIE, ...headers }, 'GET', url)).toBe(status)
    expect(await statusOf({ ...COOKIE, ...headers }, 'HEAD', url)).toBe(status)
  })

  test('passes in the form of the host that the browser writes, too', async () => {
    for (const [host, referer] of [
      ['LAN.local', 'http://lan.local/'],
      ['[fe80::1]:3000', 'http://[fe80::1]:3000/chat'],
    ] as const)
      expect(await statusOf({ ...COOKIE, host, referer }, 'GET'), host).toBe(200)
  })
})

describe('a host that a proxy writes with the port of its scheme', () => {
  test.each<[string, Row, number]>([
    ['app.test:443', { origin: 'https://app.test' }, 200],
    ['app.test:80', { origin: 'http://app.test' }, 200],
    ['APP.test:443', { origin: 'https://app.test' }, 200],
    ['app.test:443', { referer: 'https://app.test/x', ...COOKIE }, 200],
    ['app.test', { origin: 'https://app.test:443' }, 200],
    ['app.test:8443', { origin: 'https://app.test' }, 403],
    ['app.test:443', { origin: 'http://app.test' }, 403],
    ['app.test:443', { origin: 'https://evil.example' }, 403],
    ['app.test:443@evil.example', { origin: 'https://app.test' }, 403],
    ['a b', { origin: 'https://app.test' }, 403],
  ])('is that host: %s, asked from %o', async (host, headers, status) => {
    expect(await statusOf({ host, ...headers }, 'GET')).toBe(status)
  })
})

describe('allowedOrigins', () => {
  const statusWith = async (written: string, origin: string): Promise<number> => {
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog(), allowedOrigins: [written] }))
    app.post('/', () => new EventStream(() => ['x'], { encoding: plain }))
    return (await app.request('/', { method: 'POST', headers: { origin } })).status
  }

  test.each([
    ['https://app.example', 'https://app.example'],
    ['https://app.example/', 'https://app.example'],
    ['HTTPS://App.example:443/start', 'https://app.example'],
    ['chrome-extension://abc', 'chrome-extension://abc'],
    ['null', 'null'],
  ])('may be written %s', async (written, origin) => {
    expect(await statusWith(written, origin)).toBe(200)
    expect(await statusWith(written, 'https://evil.example')).toBe(403)
  })

  test.each(['app.example', '*', 'app.example:8080', '', 'https://*.example.com'])(
    'says what to write in place of %j',
    (written) => {
      expect(() => swapstream({ templates: {}, allowedOrigins: [written] })).toThrow(
        /which is no origin\. Write the scheme and the host/,
      )
    },
  )
})

describe('a script without an origin', () => {
  test.each(['POST', 'GET', 'PUT'])(
    'but with a cookie learns which header is missing: %s',
    async (method) => {
      const { status, text } = await answerTo(COOKIE, method)
      expect(status).toBe(403)
      expect(text).toContain('has cookies, but neither Origin nor Referer')
      expect(text).not.toContain('another site')
    },
  )

  test('reads that as a notice where it asks for HTML', async () => {
    const { text } = await answerTo({ ...COOKIE, accept: 'text/html' })
    expect(text).toMatch(/^<p class="swapstream-error" role="alert">The request has cookies/)
  })

  test('passes with the header that was missing, with a token, and without cookies', async () => {
    expect(await statusOf({ ...COOKIE, origin: 'http://app.test' })).toBe(200)
    expect(await statusOf({ authorization: 'Bearer x' })).toBe(200)
    expect(await statusOf({})).toBe(200)
  })
})

test('what a client sends comes back escaped in the sentence that refuses it', async () => {
  const headers = { origin: 'https://"><img src=x>', accept: 'text/html' }
  const { text } = await answerTo(headers)
  expect(text).toContain('&lt;img')
  expect(text).not.toContain('<img')
})
