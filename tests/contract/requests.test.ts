import { describe, expect, test } from 'vitest'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections, type RawRequest } from './support/raw-connection.ts'
import { readEvents } from './support/read-events.ts'
import { shownAtEnd } from '../support/shown.ts'

const app = useApp(CONFORMANCE)
const { connect, request } = useConnections(() => app().port)
const stats = useStats(() => app().port)

describe('malformed HTTP', () => {
  const body = '{"data":"x"}'
  test.each<[string, string]>([
    [
      'a length and chunks at once',
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'two lengths that differ',
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nContent-Length: 5\r\n\r\n${body}`,
    ],
    [
      'a length that is no number',
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n${body}`,
    ],
    [
      'a coding that does not exist',
      'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: cow\r\n\r\n',
    ],
    [
      'a chunk size that is none',
      'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['no Host', 'GET /tick HTTP/1.1\r\n\r\n'],
    ['a Host with a path', 'GET /tick HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a Host with a space', 'GET /tick HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['a Host with credentials', 'GET /tick HTTP/1.1\r\nHost: u:p@x\r\n\r\n'],
    ['a URL of 20 KB', `GET /tick?${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a header of 20 KB', `GET /tick HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a header with a NUL', 'GET /tick HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n'],
    ['a header folded over two lines', 'GET /tick HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n'],
    ['a method that does not exist', 'BREW /tick HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a version that does not exist', 'GET /tick HTTP/9.9\r\nHost: x\r\n\r\n'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n'],
  ])('is refused with 4xx, and starts nothing: %s', async (_, bytes) => {
    const { opened } = await stats()
    const connection = await connect()
    const { status } = await connection.say(Buffer.from(bytes, 'latin1')).head
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(await stats()).toMatchObject({ opened, active: 0 })
  })
})

describe('a body', () => {
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    request(path, { method: 'POST', body, headers })
  const FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/event-stream' }

  test.each<[string, string, string | Buffer, number[]]>([
    ['no JSON', '/echo', '', [400]],
    ['half JSON', '/echo', '{"data":', [400]],
    ['JSON with something behind it', '/echo', '{"data":"x"}}', [400]],
    ['JSON of a number that is none', '/echo', '{"data":NaN}', [400]],
    ['a control character inside a JSON text', '/echo', '{"data":"a\nb"}', [400]],
    [
      'bytes that are not UTF-8',
      '/echo',
      Buffer.from([...Buffer.from('{"data":"'), 0xff, 0x22, 0x7d]),
      [400],
    ],
    [
      'half a character',
      '/echo',
      Buffer.from([...Buffer.from('{"data":"'), 0xe2, 0x82, 0x22, 0x7d]),
      [400],
    ],
    [
      'a surrogate spelt as UTF-8',
      '/echo',
      Buffer.from([...Buffer.from('{"data":"'), 0xed, 0xa0, 0x80, 0x22, 0x7d]),
      [400],
    ],
    ['a list', '/echo', '[]', [422]],
    ['null', '/echo', 'null', [422]],
    ['a text', '/echo', '"x"', [422]],
    ['an object without data', '/echo', '{}', [422]],
    ['only a prototype', '/echo', '{"__proto__":{"data":"x"}}', [422]],
    ['tokens that are no list', '/text', '{"tokens":"x"}', [422]],
    ['tokens that are no texts', '/text', '{"tokens":["x",1]}', [422]],
    ['no messages', '/seeds/llamabot/chat', '{"messages":[]}', [422]],
    ['arrays inside each other, 30,000 deep', '/echo', '['.repeat(30_000), [400]],
  ])('of %s gets 400 or 422 before anything starts', async (_, path, body, expected) => {
    const { opened } = await stats()
    const response = await post(path, body, { 'content-type': 'application/json' })
    const { status, headers } = await response.head
    expect(expected).toContain(status)
    expect(headers['content-type']).not.toContain('event-stream')
    await response.text()
    expect(await stats()).toMatchObject({ opened, active: 0 })
  })

  test.each<[string, string | Buffer, number[]]>([
    ['nothing', '', [422]],
    ['another field', 'question=x', [422]],
    ['only spaces', 'prompt=+%20', [422]],
    ['bytes that are not UTF-8', Buffer.from([...Buffer.from('prompt='), 0xff]), [400]],
    ['escapes that are not UTF-8', 'prompt=%ff', [400]],
    ['an escaped half character', 'prompt=%e2%82', [400]],
  ])('of a form with %s gets 400 or 422 before anything starts', async (_, body, expected) => {
    const { opened } = await stats()
    const response = await post('/form', body, FORM)
    expect(expected).toContain((await response.head).status)
    await response.text()
    expect(await stats()).toMatchObject({ opened, active: 0 })
  })

  test.each([
    ['plain', 'prompt=Who+are+you', 'Who are you'],
    ['markup', 'prompt=%3Cb%3E%26', '&lt;b&gt;&amp;'],
    ['a lone percent sign', 'prompt=100%', '100%'],
    ['emoji', `prompt=${encodeURIComponent('👩🏽‍🚀 é')}`, '👩🏽‍🚀 é'],
    ['the names of a prototype', 'prompt=x&__proto__=1&constructor.prototype.y=1', 'x'],
  ])('of a form with %s text is answered', async (_, body, expected) => {
    const response = await post('/form', body, FORM)
    const { events } = readEvents(await response.text())
    expect(events.at(-1)).toEqual({ event: 'done', data: '{"reason":"done"}' })
    expect(shownAtEnd(events, { htmx: 2 })).toContain(`>${expected}</p>`)
  })

  test('in pieces is read whole', async () => {
    const connection = await connect()
    const response = connection.say(
      'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"data"\r\n',
    )
    connection.socket.write('5\r\n:"x"}\r\n0\r\n\r\n')
    expect(readEvents(await response.text()).events[0]).toEqual({ data: 'x' })
  })

  test.each<[string, RawRequest['headers']]>([
    ['a length', {}],
    ['no length', { 'transfer-encoding': 'chunked' }],
  ])(
    'over 64 KiB with %s gets 413, and the connection is not held up by the rest',
    async (_, headers) => {
      const { opened } = await stats()
      const connection = await connect()
      const content = `prompt=${'x'.repeat(10 * 1024 * 1024)}`
      const chunked = headers!['transfer-encoding'] !== undefined
      const response = connection.request('/form', {
        method: 'POST',
        headers: {
          ...FORM,
          ...(chunked ? headers : { 'content-length': String(content.length) }),
        },
      })
      connection.socket.write(
        chunked ? `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n` : content,
      )
      const { status, headers: answered } = await response.head
      expect(status).toBe(413)
      expect(answered['content-type']).not.toContain('event-stream')
      // What is left of the body is never read as another request.
      const next = connection.request('/stats')
      const afterwards = await Promise.race([
        next.head.then((head) => head.status),
        connection.closed,
      ])
      expect([200, undefined]).toContain(afterwards)
      expect(await stats()).toMatchObject({ opened, active: 0 })
    },
  )

  test('of exactly 64 KiB is taken', async () => {
    const content = `prompt=${'x'.repeat(64 * 1024 - 7)}`
    expect((await (await post('/form', content, FORM)).head).status).toBe(200)
    expect((await (await post('/form', `${content}x`, FORM)).head).status).toBe(413)
  })
})

describe('files', () => {
  test('of the folder are served', async () => {
    const response = await request('/static/swapstream.css')
    const { status, headers } = await response.head
    expect([status, headers['content-type']]).toEqual([200, 'text/css; charset=utf-8'])
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect((await response.text()).length).toBeGreaterThan(1_000)
  })

  test.each([
    '/static/',
    '/static/.env',
    '/static/%2eenv',
    '/static/.git/config',
    '/static/../package.json',
    '/static/%2e%2e/package.json',
    '/static/..%2fpackage.json',
    '/static/..%5cpackage.json',
    '/static/..\\package.json',
    '/static/%252e%252e%252fpackage.json',
    '/static/....//package.json',
    '/static//package.json',
    '/static//etc/passwd',
    '/static/./swapstream.css/../../package.json',
    '/static/swapstream.css%00.txt',
    '/static/swapstream.css/',
    '/static/%ff',
    '/static/%c0%ae%c0%ae/package.json',
    '/static/%zz',
    '/static/__proto__',
    '/static/constructor',
    '//static/swapstream.css/../../package.json',
    '/../../../../etc/passwd',
  ])('beside it are not there: %s', async (path) => {
    const response = await request(path)
    const { status } = await response.head
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(await response.text()).not.toMatch(/"name": "swapstream"|root:/)
  })
})

describe('a login', () => {
  test.each([
    ['/tick?a=1#b', '/tick?a=1#b'],
    ['/', '/'],
    ['', '/'],
    ['//e', '/'],
    ['/\\e', '/'],
    ['\\\\e', '/'],
    ['https:e', '/'],
    ['https://e/', '/'],
    ['javascript:alert(1)', '/'],
    ['/\t/e', '/'],
    ['\t//e', '/'],
    [' //e', '/'],
    ['/\n/e', '/'],
    ['/\r\nSet-Cookie: a=b', '/'],
    ['/\0', '/'],
    ['/\u0001/e', '/'],
    ['/é', '/'],
    ['tick', '/'],
    ['?x', '/'],
  ])('that should lead to %j leads to %s', async (next, expected) => {
    const response = await request(`/login?next=${encodeURIComponent(next)}`)
    const { status, headers } = await response.head
    expect(status).toBe(303)
    expect(headers['location']).toBe(expected)
    expect(new URL(headers['location']!, 'http://127.0.0.1/').origin).toBe('http://127.0.0.1')
    expect(headers['set-cookie']).toMatch(/^session=\S+; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  test('without a place to go leads to the start', async () => {
    expect((await (await request('/login')).head).headers['location']).toBe('/')
  })

  test('opens the private stream, and nothing else does', async () => {
    const { opened } = await stats()
    const ask = (cookie?: string) =>
      request('/private', {
        headers: { 'sec-fetch-site': 'same-origin', ...(cookie === undefined ? {} : { cookie }) },
      })
    for (const cookie of [undefined, 'session=', 'session=x', 'session=x.y', 'session=1.AAAA=']) {
      const { status, headers } = await (await ask(cookie)).head
      expect([status, headers['content-type']]).toEqual([
        401,
        expect.not.stringContaining('event-stream'),
      ])
    }
    expect((await stats()).opened).toBe(opened)
    const set = (await (await request('/login')).head).headers['set-cookie']!
    const response = await ask(set.split(';')[0]!)
    await response.until((body) => body.startsWith('data: tick 1\n\n'))
  })
})

describe('pages', () => {
  test('come with a policy that lets nothing foreign in', async () => {
    const { status, headers } = await (await request('/')).head
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toContain("script-src 'self'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBeTruthy()
    expect(headers['vary']).toContain('HX-Request')
  })
})

describe('the log', () => {
  test('stays one line for each event, whatever a client puts into its request', async () => {
    const nasty = '%0a{%22level%22:%22error%22}%0d%1b[31m%7f%c2%9b%e2%80%a8'
    const refused = await request(`/x${nasty}?x=${nasty}`, {
      method: 'POST',
      headers: { 'user-agent': 'x\u009b31m', 'sec-fetch-site': 'cross-site' },
    })
    expect((await refused.head).status).toBe(403)
    const stream = await request(`/%74ick?x=${nasty}`, {
      headers: { 'last-event-id': 'a\u009b2Jb' },
    })
    await stream.until((body) => body.length > 0)
    stream.connection.socket.destroy()
    await expectAllFinished(stats)
    expect(app().log()).toContain('level')
    // Hono's own word about a request that was cut stands between ours.
    for (const line of app()
      .log()
      .split('\n')
      .filter((text) => text.startsWith('{')))
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
      })
    // oxlint-disable-next-line no-control-regex
    expect(app().log()).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  })
})
