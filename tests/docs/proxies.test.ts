import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { request, type RequestOptions } from 'node:https'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  EventStream,
  events,
  NDJSON,
  ownerOf,
  Page,
  streamToFragments,
  swapstream,
} from 'swapstream'
import { serve, type Serving } from 'swapstream/node'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import {
  fencesOf,
  findProxies,
  startCaddy,
  startHaproxy,
  startNginx,
  type Proxy,
} from '../support/proxy.ts'
import { recordingLog } from '../support/recording-log.ts'

/** The configurations of docs/guides/deployment.md, in real proxies before a real server. */
const templates = {
  'chat.html': `<main>${'<p>A page that is worth compressing.</p>'.repeat(50)}</main>{% block answer %}<p>{{ text }}</p>{% endblock %}`,
}

beforeAll(findProxies, 180_000)

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  await expectNothingLeft(timersRunning)
})

/** Words that come when they are said, so that nothing here depends on time. */
function gate() {
  const said: string[] = []
  let heard = (): void => {}
  const gated = {
    closed: 0,
    say(...words: string[]) {
      said.push(...words)
      heard()
    },
    async *source(signal: AbortSignal) {
      try {
        while (!signal.aborted) {
          if (said.length > 0) yield said.shift()!
          else
            await new Promise<void>((resolve) => {
              heard = resolve
              signal.addEventListener('abort', () => resolve())
            })
        }
      } finally {
        gated.closed += 1
      }
    },
  }
  return gated
}

const PROXIES = [
  ['nginx', startNginx],
  ['caddyfile', startCaddy],
  ['haproxy', startHaproxy],
] as const

describe.each(PROXIES)('the %s of the guide', (language, start) => {
  let proxy: Proxy
  let server: Serving
  let gated: ReturnType<typeof gate>

  const setUp = async (
    options: object = {},
    change = (config: string) => config,
  ): Promise<void> => {
    const app = new Hono()
    app.use(swapstream({ templates, log: recordingLog(), proxies: 1, frameMs: 0, ...options }))
    gated = gate()
    app.get('/', (c) => {
      ownerOf(c)
      return new Page('chat.html', { text: '' })
    })
    app.post(
      '/chat',
      () =>
        new EventStream(({ signal }) =>
          streamToFragments(gated.source(signal), 'chat.html', 'answer'),
        ),
    )
    app.get('/records', () => new NDJSON(({ signal }) => gated.source(signal)))
    // Says one word, and stays open.
    app.post('/open', () => {
      const words = gate()
      words.say('open')
      return new EventStream(({ signal }) => words.source(signal), { encoding: events() })
    })
    app.get(
      '/silent',
      () => new EventStream(({ signal }) => gated.source(signal), { encoding: events() }),
    )
    server = serve(app, { port: 0, onListen: () => {}, signals: false })
    closing.push(() => server.close(0))
    const { port } = new URL(await server.ready)
    proxy = await start(change((await fencesOf('deployment.md', language))[0]!), Number(port))
    closing.push(() => proxy.stop())
  }

  /** One request of its own connection, as a browser of this page sends it. */
  const ask = async (
    path: string,
    options: RequestOptions = {},
    body?: string,
  ): Promise<IncomingMessage> => {
    const origin = `https://127.0.0.1:${proxy.port}`
    const asked = request(origin + path, {
      rejectUnauthorized: false,
      agent: false,
      ...options,
      headers: { origin, ...options.headers },
    })
    closing.push(async () => asked.destroy())
    asked.on('error', () => {})
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.setEncoding('utf8').on('error', () => {})
    return response
  }
  const post = (headers: Record<string, string> = {}, body = 'prompt=Hi') =>
    ask(
      '/chat',
      {
        method: 'POST',
        headers: {
          accept: 'text/event-stream',
          'accept-encoding': 'gzip, br',
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
      },
      body,
    )
  const piece = async (response: IncomingMessage): Promise<string> => {
    const [data] = (await once(response, 'data')) as [string]
    return data
  }

  test('each fragment of a POST arrives before the next one is written', async () => {
    await setUp()
    gated.say('one ')
    const response = await post()
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-encoding']).toBe(undefined)
    expect(await piece(response)).toContain('one ')
    for (const word of ['two ', 'three ', 'four ']) {
      gated.say(word)
      expect(await piece(response)).toContain(word)
    }
  })

  test('a record arrives before the next one is written', async () => {
    await setUp()
    gated.say('one')
    const response = await ask('/records')
    expect(await piece(response)).toBe('"one"\n')
    gated.say('two')
    expect(await piece(response)).toBe('"two"\n')
  })

  test('a reader who leaves stops the source', async () => {
    // HAProxy hears of it with the next frame.
    await setUp(language === 'haproxy' ? { heartbeatMs: 300 } : {})
    gated.say('one ')
    const response = await post()
    await piece(response)
    response.destroy()
    await eventually(() => expect(gated.closed).toBe(1))
  })

  test('signs of life pass, and keep a silent stream open', async () => {
    await setUp({ heartbeatMs: 300 }, (config) =>
      config.replaceAll(/(read_timeout|timeout (?:client|server)) 60s/g, '$1 1s'),
    )
    const response = await ask('/silent', { headers: { accept: 'text/event-stream' } })
    let beats = ''
    while (beats.length < ': ping\n\n'.length * 6) beats += await piece(response)
    expect(beats).toMatch(/^(: ping\n\n){6}/)
    gated.say('at last')
    expect(await piece(response)).toBe('data: at last\n\n')
  })

  test('readers are counted by their own address, whatever they claim', async () => {
    await setUp({ limits: { maxStreamsPerClient: 1 } })
    const open = (options: RequestOptions) => ask('/open', { method: 'POST', ...options })
    expect(await piece(await open({}))).toBe('data: open\n\n')
    const forged = await open({ headers: { 'x-forwarded-for': '203.0.113.9' } })
    expect(forged.statusCode).toBe(429)
    expect((await open({ localAddress: '127.0.0.2' })).statusCode).toBe(200)
  })

  test('a form of this site is taken, one of another site is refused', async () => {
    await setUp()
    gated.say('one')
    expect((await post()).statusCode).toBe(200)
    expect((await post({ origin: 'https://elsewhere.example' })).statusCode).toBe(403)
    expect((await post({}, `prompt=${'x'.repeat(70_000)}`)).statusCode).toBe(413)
  })

  test('pages are compressed, and the cookie of a reader is marked as secure', async () => {
    await setUp()
    const page = await ask('/', { headers: { 'accept-encoding': 'gzip' } })
    expect(page.headers['content-encoding']).toBe('gzip')
    expect(page.headers['set-cookie']).toEqual([
      expect.stringMatching(/^swapstream-owner=.*; Secure/),
    ])
    const style = await ask('/swapstream/swapstream.css', {
      headers: { 'accept-encoding': 'gzip' },
    })
    expect(style.headers['content-encoding']).toBe('gzip')
    const script = await ask('/swapstream/htmx.js', { headers: { 'accept-encoding': 'gzip' } })
    expect(script.headers['content-encoding']).toBe('gzip')
  })

  test('ten streams share one connection over HTTP/2', async () => {
    await setUp()
    const origin = `https://127.0.0.1:${proxy.port}`
    const session: ClientHttp2Session = connect(origin, { rejectUnauthorized: false })
    closing.push(async () => session.destroy())
    const streams = Array.from({ length: 10 }, () =>
      session
        .request({ ':path': '/open', ':method': 'POST', accept: 'text/event-stream', origin })
        .setEncoding('utf8'),
    )
    for (const stream of streams) stream.on('error', () => {}).end('prompt=Hi')
    const firsts = streams.map((stream) => once(stream, 'data'))
    for (const [data] of await Promise.all(firsts)) expect(data).toBe('data: open\n\n')
  })

  test('a server that stops sends the shutdown event to readers behind the proxy', async () => {
    await setUp()
    gated.say('one ')
    const response = await post()
    await piece(response)
    const rest = response.toArray()
    await server.close()
    expect((await rest).join('')).toMatch(
      /event: shutdown\nretry: \d+\ndata: {"reason":"shutdown"}\n\n$/,
    )
  })

  const warnings: Record<string, [from: string, to: string, () => Promise<void>][]> = {
    nginx: [
      [
        'Host $http_host',
        'Host $host',
        async () => {
          expect((await post()).statusCode).toBe(403)
        },
      ],
      [
        'read_timeout 60s',
        'read_timeout 1s',
        async () => {
          gated.say('one ')
          const cut = (await post()).toArray()
          await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' })
        },
      ],
    ],
    haproxy: [
      [
        'timeout server 60s',
        'timeout server 1s',
        async () => {
          gated.say('one ')
          const cut = (await post()).toArray()
          await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' })
        },
      ],
    ],
    caddyfile: [
      [
        'reverse_proxy 127.0.0.1:3000',
        'reverse_proxy 127.0.0.1:3000 {\n\t\tflush_interval -1\n\t}',
        async () => {
          gated.say('one ')
          const response = await post()
          await piece(response)
          response.destroy()
          await new Promise((resolve) => setTimeout(resolve, 500))
          expect(gated.closed).toBe(0)
        },
      ],
    ],
  }
  test.each(warnings[language]!)(
    'what it warns of is so: with another "%s"',
    async (from, to, isSo) => {
      await setUp({}, (config) => config.replace(from, to))
      await expect(isSo()).resolves.toBe(undefined)
    },
  )
})

test('nginx gives a GET that failed to the next machine of the guide, and repeats no POST', async () => {
  const asked: string[] = []
  const machine = async (answers: boolean): Promise<number> => {
    const server = createServer(({ method }, response) => {
      asked.push(method!)
      if (answers) response.end('here')
      else response.destroy()
    })
    closing.push(async () => server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return (server.address() as AddressInfo).port
  }
  const [broken, whole] = [await machine(false), await machine(true)]
  const [site, machines] = await fencesOf('deployment.md', 'nginx')
  const upstream = machines!
    .replace('10.0.0.1:3000', `127.0.0.1:${broken}`)
    .replace('10.0.0.2:3000', `127.0.0.1:${whole}`)
  const proxy = await startNginx(site!.replace(/^upstream [^}]*}\n/, upstream), whole)
  closing.push(() => proxy.stop())
  const statusOf = async (method: string): Promise<number> => {
    const options = { method, rejectUnauthorized: false, agent: false } as const
    const sent = request(`https://127.0.0.1:${proxy.port}/`, options).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode!
  }
  expect([await statusOf('POST'), await statusOf('GET'), await statusOf('GET')]).toEqual([
    502, 200, 200,
  ])
  expect(asked.filter((method) => method === 'POST')).toEqual(['POST'])
})
