import { type } from 'arktype'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import * as v from 'valibot'
import { z } from 'zod'
import { ConfigError, mount, stream } from 'swapstream'
import type { MountOptions } from 'swapstream/core'

async function* handler(): AsyncGenerator<string> {
  yield 'text'
}
const text = z.object({ message: z.string() })

/** What the compiler would refuse, as plain JavaScript could write it. */
const declare = (definition: object, run: unknown = handler): (() => unknown) => {
  const loose = stream as (given: unknown, run: unknown) => unknown
  return () => loose({ path: '/chat', ...definition }, run)
}

function refusal(run: () => unknown): ConfigError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

describe('stream() refuses when declared, naming the route and the cure:', () => {
  const cases: [what: string, definition: object, run: unknown, code: string, says: RegExp][] = [
    ['no path', { path: '' }, handler, 'stream/path', /starts with "\/".*path: '\/chat'/],
    ['a path without slash', { path: 'chat' }, handler, 'stream/path', /^POST chat \(handler\): /],
    [
      'a parameter in braces',
      { path: '/users/{id}' },
      handler,
      'stream/path',
      /"\/users\/:id"\. See/,
    ],
    ['one with a type', { path: '/a/{id:int}/b' }, handler, 'stream/path', /"\/a\/:id\/b"/],
    ['one in angles', { path: '/a/<int:id>' }, handler, 'stream/path', /"\/a\/:id"/],
    ['one in brackets', { path: '/[a]/[...b]' }, handler, 'stream/path', /"\/:a\/:b"/],
    ['heartbeatMs below 0', { heartbeatMs: -1 }, handler, 'stream/option', /false or null/],
    ['a path that is no text', { path: 1 }, handler, 'stream/path', /starts with/],
    ['another method', { method: 'PUT' }, handler, 'stream/method', /^PUT \/chat.*GET or POST/],
    ['a method that is no text', { method: 1 }, handler, 'stream/method', /GET or POST/],
    ['heartbeatMs 0', { heartbeatMs: 0 }, handler, 'stream/option', /heartbeatMs cannot be 0/],
    ['heartbeatMs true', { heartbeatMs: true }, handler, 'stream/option', /milliseconds/],
    ['auth as text', { auth: 'yes' }, handler, 'stream/option', /auth cannot be "yes".*true or/],
    ['an unknown option', { chunks: text }, handler, 'stream/option', /did you mean "chunk"/],
    ['a chunk that is no schema', { chunk: {} }, handler, 'stream/option', /Standard Schema/],
    ['guards that are none', { guards: [true] }, handler, 'stream/option', /list of functions/],
    ['a hook that is none', { before: { a: 1 } }, handler, 'stream/option', /functions by name/],
    ['validate', { validate: 'maybe' }, handler, 'stream/option', /'always', 'dev' or 'never'/],
    ['an encoding', { encoding: 'htmx' }, handler, 'stream/option', /'fragments', or an encoding/],
    ['an async function', {}, async () => {}, 'stream/not-a-generator', /async function\*/],
    ['a generator', {}, function* () {}, 'stream/not-a-generator', /async function\*/],
    ['nothing to run', {}, null, 'stream/not-a-generator', /async function\*/],
    ['an unknown part', { input: { body: text } }, handler, 'stream/input', /no part "body"/],
    ['a part without schema', { input: { json: {} } }, handler, 'stream/input', /input\.json/],
    ['two bodies', { input: { json: text, form: text } }, handler, 'stream/input', /one body/],
    [
      'a body on GET',
      { method: 'GET', input: { json: text } },
      handler,
      'stream/input',
      /GET has no body.*query/,
    ],
    ['a managed header', { headers: { Connection: 'close' } }, handler, 'config/invalid', /server/],
  ]
  test('a path that stands alone', () => {
    expect(refusal(() => stream('/chat' as never, handler as never))).toMatchObject({
      code: 'stream/path',
      message: expect.stringMatching(
        /^\/chat: the options are one object: write { path: "\/chat" }\. See/,
      ),
    })
  })

  test.each([['/users/:id{[0-9]+}'], ['/users/:id?'], ['/a/*']])('but not %s', (path) => {
    expect(declare({ path })).not.toThrow()
  })

  test.each(cases)('%s', (_, definition, run, code, says) => {
    const error = refusal(declare(definition, run))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(says)
  })

  test.each([
    ['zod', z.object({ id: z.string(), name: z.string() })],
    ['valibot', v.object({ id: v.string(), name: v.string() })],
    ['arktype', type({ id: 'string', name: 'string' })],
  ])('a parameter that the path does not have, with %s', (_, param) => {
    const error = refusal(declare({ path: '/of/:id', input: { param } }))
    expect(error.message).toMatch(/no parameter "name".*\/of\/:id\/:name/)
    expect(declare({ path: '/of/:id/:name{[a-z]+}', input: { param } })).not.toThrow()
  })

  test('and takes every option of a stream', () => {
    const options = {
      updates: 'diff',
      backpressure: 'latest',
      frameMs: 0,
      retryMs: 0,
      heartbeatMs: false,
      flushHeaders: 'immediately',
      status: 201,
    }
    expect(declare(options)).not.toThrow()
  })

  test('and takes methods in any case, and parameters of any type', () => {
    expect(declare({ method: 'get' })).not.toThrow()
    const param = z.object({ id: z.coerce.number().min(3), page: z.string().optional() })
    expect(declare({ path: '/of/:id', input: { param } })).not.toThrow()
    const later = z.object({ id: z.string() }).refine(async () => false)
    expect(declare({ path: '/of/:id', input: { param: later } })).not.toThrow()
  })
})

describe('mount() refuses', () => {
  const chat = stream({ path: '/chat/:id' }, async function* one() {})

  test('auth without a guard, and takes it with one from anywhere', () => {
    const closed = stream({ path: '/closed', auth: true }, handler)
    const error = refusal(() => mount(new Hono(), closed))
    expect(error.code).toBe('stream/guard-missing')
    expect(error.message).toMatch(/^POST \/closed \(handler\): auth: true.*bearer/)
    expect(() => mount(new Hono(), { guards: [() => true] }, closed)).not.toThrow()
  })

  test('a method and path that is taken, naming both, whatever the parameter is called', () => {
    const other = stream({ path: '/chat/:name' }, async function* two() {})
    const app = new Hono()
    for (const twice of [
      () => mount(app, chat, other),
      () => (mount(app, chat), mount(app, other)),
    ]) {
      const error = refusal(twice)
      expect(error.code).toBe('stream/duplicate')
      expect(error.message).toMatch(/POST \/chat\/:name \(two\).*POST \/chat\/:id \(one\)/)
    }
    expect(() => mount(new Hono(), chat)).not.toThrow()
    const read = stream({ path: '/chat/:id', method: 'GET' }, handler)
    expect(() => mount(app, read)).not.toThrow()
  })

  test('and serves nothing then, not even what came before the fault', async () => {
    const app = new Hono()
    expect(() => mount(app, chat, chat)).toThrow(ConfigError)
    expect(app.routes).toEqual([])
  })

  test('what sseMethods leaves out', () => {
    const options: MountOptions = { sseMethods: ['GET'] }
    expect(refusal(() => mount(new Hono(), options, chat)).code).toBe('stream/method')
    expect(() => mount(new Hono(), { sseMethods: ['POST'] }, chat)).not.toThrow()
  })

  test.each([
    [
      'a class without streams',
      class Empty {
        method() {}
      },
      /Empty: it holds no streams/,
    ],
    [
      'an instance without streams',
      new (class Bare {
        method() {}
      })(),
      /Bare: it holds no streams/,
    ],
    [
      'a class that needs arguments',
      class Needy {
        constructor(db: object) {
          Object.assign(this, { db })
        }
        method() {}
      },
      /Needy: its constructor needs arguments.*new Needy/,
    ],
    ['any other function', () => {}, /no declared stream/],
  ])('%s', (_, host, says) => {
    const error = refusal(() => mount(new Hono(), host))
    expect(error.code).toBe('stream/host')
    expect(error.message).toMatch(says)
  })

  test('a route without the middleware, when it is asked', async () => {
    const app = new Hono()
    app.onError((error) => new Response((error as ConfigError).code, { status: 500 }))
    mount(app, chat)
    const response = await app.request('/chat/1', { method: 'POST' })
    expect(await response.text()).toBe('config/middleware-missing')
  })
})

describe('a declared route is a function that', () => {
  test('gives the values, checked, and the final value, without a request', async () => {
    const count = stream(
      {
        path: '/count',
        input: { json: z.object({ to: z.number() }) },
        chunk: z.number().transform((n) => `n${n}`),
        final: z.object({ sum: z.number() }),
      },
      async function* ({ json }) {
        for (let n = 1; n <= json.to; n++) yield n
        return { sum: json.to }
      },
    )
    const values = count({ json: { to: 2 } })
    expect(await values.next()).toEqual({ done: false, value: 'n1' })
    expect(await values.next()).toEqual({ done: false, value: 'n2' })
    expect(await values.next()).toEqual({ done: true, value: { sum: 2 } })
    expect(await values.next()).toEqual({ done: true, value: undefined })
    await expect(count({ json: {} as { to: number } }).next()).rejects.toMatchObject({
      code: 'input/invalid',
      issues: [{ in: 'json', path: 'to' }],
    })
    expect([count.method, count.path, count.name]).toEqual(['POST', '/count', 'POST /count'])
  })

  test('takes the values of hooks, and says when a request is needed', async () => {
    const greet = stream(
      { path: '/greet', before: { user: () => ({ name: 'Ada' }) } },
      async function* ({ before, c }) {
        yield before.user.name
        yield c.req.path
      },
    )
    const values = greet({ before: { user: { name: 'Bob' } } })
    expect((await values.next()).value).toBe('Bob')
    await expect(values.next()).rejects.toMatchObject({ code: 'stream/no-request' })
  })

  test('starts nothing before the first value is wanted, and closes once', async () => {
    const seen: string[] = []
    const chat = stream({ path: '/chat' }, async function* ({ signal }) {
      signal.addEventListener('abort', () => seen.push('aborted'))
      try {
        seen.push('started')
        yield 1
        yield 2
      } finally {
        seen.push('closed')
      }
    })
    const values = chat()
    expect(seen).toEqual([])
    for await (const _ of values) break
    await values.return?.()
    expect(seen).toEqual(['started', 'aborted', 'closed'])
  })
})
