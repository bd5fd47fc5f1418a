import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { EventStream, events, Page, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { nodeLog } from '../../src/node/swapstream.ts'
import { eventually } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { takenPort } from '../support/run-program.ts'
import { useServer } from '../support/serve-app.ts'

describe('the log of Node', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  function logged(write: () => void): string[] {
    const lines: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((line) =>
      Boolean(lines.push(String(line))),
    )
    write()
    return lines
  }

  test('writes one line for each entry, whatever the entry holds', () => {
    const [line, ...more] = logged(() =>
      nodeLog.error(
        { path: '/a\n{"level":"error"}\u001b[2J\u0085\u2028', err: new Error('gone') },
        'one\r\ntwo',
      ),
    )
    expect(more).toEqual([])
    const controls = [...line!.trimEnd()].filter((character) => /\p{Cc}|\u2028/u.test(character))
    expect(controls).toEqual([])
    expect(JSON.parse(line!)).toMatchObject({
      level: 'error',
      msg: 'one\r\ntwo',
      path: '/a\n{"level":"error"}\u001b[2J\u0085\u2028',
      err: expect.stringContaining('gone'),
    })
  })

  test.each([
    [undefined, ['info', 'warn', 'error']],
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ])('writes from LOG_LEVEL=%s on', (level, wanted) => {
    vi.stubEnv('LOG_LEVEL', level)
    const lines = logged(() => {
      for (const name of ['debug', 'info', 'warn', 'error'] as const) nodeLog[name]({}, name)
    })
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(wanted)
  })
})

describe('what a page loads', () => {
  const app = new Hono()
  app.use(swapstream({ templates: {}, log: recordingLog() }))

  test.each([
    ['/swapstream/htmx.js', 'text/javascript; charset=utf-8', 'htmx'],
    ['/swapstream/htmx.js', 'text/javascript; charset=utf-8', 'event-stream'],
    ['/swapstream/swapstream.css', 'text/css; charset=utf-8', '.answer'],
  ])('%s comes from an installed file, and is not sent twice', async (path, type, holds) => {
    const response = await app.request(path)
    expect(response.headers.get('content-type')).toBe(type)
    expect(await response.text()).toContain(holds)
    const again = await app.request(path, {
      headers: { 'if-none-match': response.headers.get('etag')! },
    })
    expect(again.status).toBe(304)
  })

  test.each([
    '/swapstream/',
    '/swapstream/../package.json',
    '/swapstream/%2e%2e/package.json',
    '/swapstream/toString',
    '/swapstream/.env',
  ])('nothing else: %s is not found', async (path) => {
    expect((await app.request(path)).status).toBe(404)
  })
})

describe('an edited template', () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each([
    [undefined, 'new'],
    ['development', 'new'],
    ['production', 'old'],
  ])('with NODE_ENV=%s: the next request shows the %s one', async (environment, shown) => {
    const folder = mkdtempSync(join(tmpdir(), 'templates-'))
    try {
      writeFileSync(join(folder, 'page.html'), 'old')
      vi.stubEnv('NODE_ENV', environment)
      const app = new Hono()
      app.use(swapstream({ templates: folder, log: recordingLog() }))
      app.get('/', () => new Page('page.html'))
      const page = async (): Promise<string> => (await app.request('/')).text()
      expect(await page()).toBe('old')
      writeFileSync(join(folder, 'page.html'), 'new')
      if (shown === 'old') await new Promise((resolve) => setTimeout(resolve, 300))
      await eventually(async () => expect(await page()).toBe(shown))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('serve', () => {
  const listen = useServer()

  test('tells who asked that a port is taken', async () => {
    const { port, release } = await takenPort()
    const error = await new Promise((resolve) =>
      serve(new Hono(), { port, signals: false, onError: resolve }),
    )
    expect(error).toMatchObject({
      code: 'config/port-taken',
      message: expect.stringContaining(`PORT=${port + 1}`),
    })
    release()
  })

  test('sends the shutdown event on every stream, ends each cleanly, tears its source down, and is gone', async () => {
    const app = new Hono()
    const log = recordingLog()
    app.use(swapstream({ templates: {}, log }))
    let tornDown = 0
    app.get(
      '/tick',
      () =>
        new EventStream(
          async function* ({ signal }) {
            try {
              while (!signal.aborted) {
                yield 'tick'
                await new Promise((resolve) => setTimeout(resolve, 5))
              }
            } finally {
              tornDown += 1
            }
          },
          { encoding: events() },
        ),
    )
    const server = serve(app, { port: 0, signals: false, onListen: () => {} })
    const url = await server.ready
    const streams = await Promise.all([fetch(`${url}/tick`), fetch(`${url}/tick`)])
    const texts = Promise.all(streams.map((response) => response.text()))
    await new Promise((resolve) => setTimeout(resolve, 30))
    await server.close()
    for (const text of await texts)
      expect(text).toMatch(
        /data: tick\n\nevent: shutdown\nretry: \d+\ndata: \{"reason":"shutdown"\}\n\n$/,
      )
    expect(tornDown).toBe(2)
    await expect(fetch(`${url}/tick`)).rejects.toThrow('fetch failed')
  })

  test('stops only its own streams', async () => {
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog() }))
    app.get(
      '/tick',
      () =>
        new EventStream(
          async function* ({ signal }) {
            while (!signal.aborted) {
              yield 'tick'
              await new Promise((resolve) => setTimeout(resolve, 5))
            }
          },
          { encoding: events() },
        ),
    )
    const kept = await listen(app)
    const stopped = serve(app, { port: 0, signals: false, onListen: () => {} })
    const response = await fetch(`${kept}/tick`)
    const other = await fetch(`${await stopped.ready}/tick`)
    const reader = response.body!.getReader()
    void other.text()
    await stopped.close()
    for (let n = 0; n < 5; n++)
      expect(new TextDecoder().decode((await reader.read()).value)).not.toContain('shutdown')
    await reader.cancel()
  })

  test('hears that a client left, by whatever way', async () => {
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog() }))
    let aborted!: () => void
    app.get(
      '/hang',
      () =>
        new EventStream(
          async function* ({ signal }) {
            signal.addEventListener('abort', () => aborted())
            yield 'x'
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
          },
          { encoding: events() },
        ),
    )
    const { port } = new URL(await listen(app))
    for (const leave of ['destroy', 'end', 'resetAndDestroy'] as const) {
      const heard = new Promise<void>((resolve) => (aborted = resolve))
      const socket = connect(Number(port), '127.0.0.1')
      socket.write('GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await new Promise((resolve) => socket.once('data', resolve))
      socket[leave]()
      await expect(heard).resolves.toBe(undefined)
      socket.destroy()
    }
  })
})
