import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import * as swapstreamExports from 'swapstream'
import { createRedisStore } from 'swapstream/redis'
import { serve, type ServeOptions, type Serving } from 'swapstream/node'
import { fakeTokens } from 'swapstream/testing'
import manifest from '../../package.json' with { type: 'json' }
import { runCommand } from '../../src/cli/command.ts'
import { freePort } from '../support/free-port.ts'
import { recordingLog } from '../support/recording-log.ts'
import { anchorsOf } from './support/anchors.ts'

const { ConfigError, SwapstreamError, swapstream } = swapstreamExports
const ROOT = join(import.meta.dirname, '../..')
const PAGE = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')

const union = /export type ErrorCode =([^]*?)\n\n/.exec(
  readFileSync(join(ROOT, 'src/shared/errors.ts'), 'utf8'),
)![1]!
const codes = [...union.matchAll(/['`]([a-z]+)\/(\$\{[^}]*\}|[a-z-]+)/g)].flatMap(
  ([, area, names]) => names!.match(/[a-z-]+/g)!.map((name) => `${area}/${name}`),
)
/** Each section: its code, and the text below its heading. */
const sections = PAGE.split(/^### /m)
  .slice(1)
  .map((section) => {
    const [code, ...lines] = section.split(/^## /m)[0]!.split('\n')
    return { code: code!, text: lines.join('\n').trim() }
  })

describe('docs/errors.md', () => {
  test('has a section for each code, and for nothing else', () => {
    expect(sections.map(({ code }) => code).toSorted()).toEqual(codes.toSorted())
  })

  test.each(sections)('says for $code the cause, the cure, and shows an example', ({ text }) => {
    expect(text).toMatch(/^[\w`][^]{20,}\n\n\*\*Fix\.\*\* .{20,}\n\n```(?:js|html)\n[^]+\n```$/)
  })

  test('is named by no other code', () => {
    const files = ['src', 'docs'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(?:ts|md)$/.test(name))
        .map((name) => join(folder, name)),
    )
    const groups = [...new Set(codes.map((code) => code.split('/')[0]))].join('|')
    const named = new RegExp(`\`((?:${groups})/[a-z-]+)\``, 'g')
    const unknown = files.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(named)].flatMap(([, code]) =>
        codes.includes(code!) ? [] : [`${file}: ${code}`],
      ),
    )
    expect(unknown).toEqual([])
  })
})

describe('the message of an error', () => {
  test.each(codes)('of %s ends with an address that exists', (code) => {
    const { message, docs } = new SwapstreamError(code as never, 'Wrong.', 500, { hint: 'Right.' })
    const [address, anchor] = docs.split('#')
    const homepage = manifest.homepage.split('#')[0]
    expect(address).toBe(`${homepage}/blob/main/docs/errors.md`)
    expect(anchorsOf(PAGE)).toContain(anchor)
    expect(message).toBe(`Wrong. Right. See ${docs}`)
  })

  test('ends its sentence before the address', () => {
    const end = ({ message }: Error): string => message.split(' See ')[0]!
    expect(end(new ConfigError('config/invalid', 'no such folder "x"'))).toBe('no such folder "x".')
    expect(end(new ConfigError('config/invalid', 'none (has: y)'))).toBe('none (has: y)')
  })

  test('leads a developer there from the page and the log, and says nothing of it to users', async () => {
    const ask = async (expose: boolean) => {
      const log = recordingLog()
      const app = new Hono()
      app.use(swapstream({ templates: { 'a.html': '' }, log, expose }))
      app.get('/', () => new swapstreamExports.Page('b.html'))
      const html = await (await app.request('/', { headers: { accept: 'text/html' } })).text()
      const json = await (await app.request('/', { headers: { accept: '*/*' } })).text()
      return { html, json, log: log.lines.map(({ message }) => message).join('\n') }
    }
    const address = `${manifest.homepage.split('#')[0]}/blob/main/docs/errors.md#templatemissing`
    const shown = await ask(true)
    expect(shown.html).toContain(`<a href="${address}">What template/missing means</a>`)
    expect(shown.html.split(address)).toHaveLength(2)
    expect(shown.json).toContain(address)
    const hidden = await ask(false)
    expect(hidden.log).toContain(address)
    expect(hidden.html + hidden.json).not.toContain('docs/errors')
  })

  test('says to a page of another site only what its own headers say', async () => {
    const app = new Hono()
    app.use(swapstream({ templates: { 'a.html': '' }, log: recordingLog() }))
    app.post('/', (c) => c.text('never'))
    const headers = { origin: 'https://other.example', accept: 'text/html' }
    const text = await (await app.request('/', { method: 'POST', headers })).text()
    expect(text).toContain('other.example')
    expect(text).not.toContain('docs/errors')
  })
})

describe('the example of', () => {
  const servers: Serving[] = []
  const open: Response[] = []
  afterAll(async () => {
    for (const response of open) if (!response.bodyUsed) await response.body?.cancel()
    for (const server of servers) await server.close(0)
  })

  /** An app that keeps what it answered, to be closed. */
  class App extends Hono {
    constructor() {
      super()
      const { request } = this
      this.request = async (...args: Parameters<typeof request>) => {
        const response = await request(...args)
        // What no middleware has turned into an answer fails when a server reads it.
        if (!(response instanceof Response)) await new Response(Object(response).body).text()
        open.push(response)
        return response
      }
    }
  }

  const chat =
    '<div id="answer">{% block response %}<p>{{ text }}</p>{% endblock %}</div>{% block sources %}{% endblock %}'

  /** Runs an example with what the page says is there, and gives the codes of all that failed. */
  async function codesOf(language: string, code: string): Promise<string[]> {
    const found: unknown[] = []
    const log = recordingLog()
    const templates = { 'chat.html': language === 'html' ? code : chat }
    const withLog = (options: swapstreamExports.SwapstreamOptions = {}) =>
      swapstream({ templates, asyncFilters: { translate: async (text) => text }, log, ...options })
    const app = new App()
    app.use(withLog())
    const port = await freePort()
    const listening: Promise<void>[] = []
    const away = {
      call: async () => Promise.reject(new Error('refused')),
      disconnect() {},
      on() {},
    }
    const scope = {
      ...swapstreamExports,
      z,
      app,
      templates,
      createRedisStore,
      Hono: App,
      swapstream: withLog,
      ask: (prompt: string) => fakeTokens(`You asked ${prompt}`, { everyMs: 1_000 }),
      runs: swapstreamExports.createRuns({ log }),
      console: { log() {} },
      Redis: function () {
        return { ...away, duplicate: () => away }
      },
      serve(served: Hono, options: ServeOptions) {
        let server!: Serving
        listening.push(
          new Promise<void>((done) => {
            const onError = (error: Error): void => (found.push(error), done())
            const all = { ...options, port, onListen: () => done(), onError, signals: false }
            server = serve(served, all)
          }),
        )
        servers.push(server)
        return server
      },
      fetch: async (url: string) => {
        const response = await fetch(url)
        open.push(response)
        return response
      },
    }
    const run = language === 'html' ? '' : code
    const AsyncFunction = (async () => {}).constructor as new (
      ...parts: string[]
    ) => (...values: unknown[]) => Promise<void>
    const body = new AsyncFunction(...Object.keys(scope), `{\n${run}\n}`)
    await body(...Object.values(scope)).catch((error: unknown) => found.push(error))
    await Promise.all(listening)
    if (language === 'html') {
      app.get('/', () => new swapstreamExports.Page('chat.html', { items: [{ name: 'x' }] }))
      const block = /\{% block (\w+)/.exec(code)?.[1] ?? 'response'
      const fragment = new swapstreamExports.Fragment('chat.html', block, {})
      app.get('/block', () => new swapstreamExports.EventStream([fragment]))
    }
    const isAsked = found.length > 0 || log.lines.some(({ fields }) => fields['code'])
    for (const { method, path } of isAsked ? [] : app.routes) {
      if (method === 'ALL') continue
      const headers = { 'hx-request': 'true', accept: 'text/html, text/event-stream' }
      await (await app.request(path, { method, headers })).text().catch(() => {})
    }
    return [...found, ...log.lines.map(({ fields }) => fields)].flatMap((each) => {
      const { code: named } = Object(each) as { code?: string }
      return named === undefined ? [] : [named]
    })
  }

  test.each(sections)('$code fails with that code', async ({ code, text }) => {
    const [, language, example] = /```(\w+)\n([^]*?)```/.exec(text)!
    expect(await codesOf(language!, example!)).toContain(code)
  })
})

describe('swapstream explain', () => {
  async function explained(...args: string[]) {
    const said = { out: '', err: '' }
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => !!(said.out += text))
    const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => !!(said.err += text))
    const exit = await runCommand(['explain', ...args])
    out.mockRestore()
    err.mockRestore()
    return { exit, ...said }
  }

  test.each(sections)('prints the section of $code, and no other', async ({ code, text }) => {
    expect(await explained(code)).toEqual({ exit: 0, out: `${code}\n\n${text}\n`, err: '' })
  })

  test('says which code was probably meant', async () => {
    const { exit, err } = await explained('block/unkown')
    expect(exit).toBe(2)
    expect(err).toMatch(/no error code "block\/unkown" \(has: .*did you mean "block\/unknown"\?\)/)
  })

  test('lists the codes when it is asked for none', async () => {
    const { exit, out } = await explained()
    expect(exit).toBe(0)
    expect(out.trim().split('\n')).toEqual(codes.toSorted())
  })
})
