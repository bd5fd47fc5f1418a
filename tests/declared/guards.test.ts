import { Hono, type Context } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { HTTPException } from 'hono/http-exception'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { bearer, ConfigError, ipAllow, mount, stream, swapstream, type Guard } from 'swapstream'
import { recordingLog } from '../support/recording-log.ts'

/** A route behind guards that tells in which order things happened. */
function guardedBy(
  guards: readonly Guard[],
  options: { connection?: (c: Context) => object } = {},
) {
  const order: string[] = []
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: {}, log, ...options }))
  const route = stream(
    {
      path: '/chat',
      auth: true,
      input: { json: z.object({}).refine(() => order.push('input')) },
      before: { hook: () => order.push('before') },
      guards,
    },
    async function* () {
      order.push('handler')
      yield 'ok'
    },
  )
  mount(app, route)
  const ask = (headers: Record<string, string> = {}, body = '{}') =>
    app.request('/chat', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  return { app, ask, order, log }
}

afterEach(() => vi.unstubAllEnvs())

describe('guards', () => {
  test('run one after the other, before anything is read, then hooks, then the handler', async () => {
    const { ask, order } = guardedBy([
      async () => {
        order.push('first')
        await new Promise((resolve) => setTimeout(resolve, 5))
        order.push('still first')
      },
      async (_, next) => {
        order.push('middleware')
        await next()
        order.push('after')
      },
      () => void order.push('last'),
    ])
    expect((await ask()).status).toBe(200)
    expect(order).toEqual([
      'first',
      'still first',
      'middleware',
      'last',
      'input',
      'before',
      'after',
      'handler',
    ])
  })

  test('refuse before the input is looked at', async () => {
    const { ask, order, log } = guardedBy([() => false, () => order.push('never') > 0])
    const response = await ask({}, 'not even JSON')
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'access/unauthenticated' })
    expect(order).toEqual([])
    expect(log.lines).toHaveLength(1)
  })

  test.each([
    ['a Response', () => new Response('Pay first.', { status: 402 }), 402, 'Pay first.'],
    ['an HTTPException', fail(new HTTPException(403, { message: 'No.' })), 403, 'No.'],
    ['another error', fail(new Error('SECRET')), 500, 'Internal Server Error'],
    ['what is no error', fail('SECRET'), 500, 'Internal Server Error'],
    ['nonsense', (() => 0) as unknown as Guard, 401, /access\/unauthenticated/],
    ['null', (() => null) as unknown as Guard, 401, /access\/unauthenticated/],
    ['Hono’s own guard', bearerAuth({ token: 'x' }), 401, /Unauthorized/],
    // It answers nothing and goes no further: nobody has said yes.
    ['a middleware that forgets next', async (_c: Context, _next: unknown) => {}, 500, /./],
  ])('answer with %s', async (_what, guard, status, body) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { ask, order } = guardedBy([guard as Guard])
    const response = await ask()
    expect(response.status).toBe(status)
    const text = await response.text()
    expect(text).toMatch(body)
    expect(text).not.toContain('SECRET')
    expect(order).toEqual([])
    vi.restoreAllMocks()
  })

  test('of the mount come first, and guard every route of it', async () => {
    const order: string[] = []
    const note =
      (what: string): Guard =>
      () =>
        void order.push(what)
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog() }))
    const one = stream({ path: '/one', guards: [note('one')] }, async function* () {})
    const two = stream({ path: '/two', auth: true }, async function* () {})
    mount(app, { guards: [note('mount')] }, one, two)
    await app.request('/one', { method: 'POST' })
    await app.request('/two', { method: 'POST' })
    expect(order).toEqual(['mount', 'one', 'mount'])
  })

  test('come after the guard against other sites, on GET as well', async () => {
    const order: string[] = []
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog() }))
    const feed = stream(
      {
        path: '/feed',
        method: 'GET',
        guards: [() => void order.push('guard')],
        before: { hook: () => order.push('before') },
      },
      async function* () {},
    )
    mount(app, feed)
    const response = await app.request('/feed', { headers: { 'sec-fetch-site': 'cross-site' } })
    expect(response.status).toBe(403)
    expect(order).toEqual([])
  })
})

function fail(error: unknown): Guard {
  return () => {
    throw error
  }
}

describe('bearer', () => {
  const right = { authorization: 'Bearer let-me-in' }

  test.each([
    ['no token', {}, 401],
    ['another scheme', { authorization: 'Basic bGV0' }, 401],
    ['no token behind the word', { authorization: 'Bearer ' }, 401],
    ['a wrong token', { authorization: 'Bearer let-me-out' }, 403],
    ['the start of the token', { authorization: 'Bearer let-me' }, 403],
    ['the token', right, 200],
    ['the token, the word in lower case', { authorization: 'bearer let-me-in' }, 200],
  ])('%s', async (_, headers: Record<string, string>, status) => {
    const { ask } = guardedBy([bearer({ token: 'let-me-in' })])
    const response = await ask(headers)
    expect(response.status).toBe(status)
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
  })

  test('reads its variable at each request; without one every request is refused', async () => {
    const { ask } = guardedBy([bearer({ env: 'SWAPSTREAM_TEST_TOKEN' })])
    expect((await ask(right)).status).toBe(401)
    vi.stubEnv('SWAPSTREAM_TEST_TOKEN', 'let-me-in')
    expect((await ask(right)).status).toBe(200)
    vi.stubEnv('SWAPSTREAM_TEST_TOKEN', 'changed')
    expect((await ask(right)).status).toBe(403)
    vi.stubEnv('SWAPSTREAM_TEST_TOKEN', '')
    expect((await ask({ authorization: 'Bearer  ' })).status).toBe(401)
  })

  test('is refused when nothing says what the token is', () => {
    for (const options of [{}, { token: '' }, { token: 'let me in' }, undefined])
      expect(() => bearer(options as { token: string })).toThrow(ConfigError)
  })
})

describe('ipAllow', () => {
  test.each([
    ['10.1.2.3', ['10.0.0.0/8'], 200],
    ['11.1.2.3', ['10.0.0.0/8'], 403],
    ['::ffff:10.1.2.3', ['192.168.0.1', '10.0.0.0/8'], 200],
    ['fe80::1%eth0', ['fe80::/10'], 200],
    [undefined, ['0.0.0.0/0', '::/0'], 403],
  ])('%s among %j', async (address, networks, status) => {
    const { ask } = guardedBy([ipAllow(networks)], {
      connection: () => (address === undefined ? {} : { address }),
    })
    expect((await ask({ 'x-forwarded-for': '10.0.0.1' })).status).toBe(status)
  })

  test('believes X-Forwarded-For only as far as the proxies are ours', async () => {
    for (const [proxies, status] of [
      [0, 403],
      [1, 200],
    ] as const) {
      const app = new Hono()
      app.use(swapstream({ templates: {}, log: recordingLog(), proxies }))
      mount(
        app,
        { guards: [ipAllow(['10.0.0.0/8'])] },
        stream({ path: '/x' }, async function* () {}),
      )
      const headers = { 'x-forwarded-for': '1.2.3.4, 10.0.0.1' }
      expect((await app.request('/x', { method: 'POST', headers })).status).toBe(status)
    }
  })

  test.each([
    ['10.0.0.0/33'],
    ['10.0.0'],
    ['10.0.0.256'],
    ['010.0.0.1'],
    ['10.0.0.0/'],
    ['10.0.0.0/8/8'],
    ['::/129'],
    ['1:2:3:4:5:6:7'],
    ['1::2::3'],
    ['1:2:3:4:5:6:7::8'],
    ['12345::'],
    ['::1.2.3'],
    ['1.2.3.4::'],
    ['localhost'],
    ['*'],
    [''],
  ])('refuses %j when it is made', (network) => {
    expect(() => ipAllow(['127.0.0.1', network])).toThrow(ConfigError)
  })

  test('refuses an empty list, which would refuse every request', () => {
    expect(() => ipAllow([])).toThrow(/empty/)
  })

  test.each([
    ['10.0.0.0/9', '10.127.255.255', true],
    ['10.0.0.0/9', '10.128.0.0', false],
    ['10.0.0.1/8', '10.9.9.9', true],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['192.168.1.7', '192.168.1.7', true],
    ['192.168.1.7', '192.168.1.8', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::ffff:10.0.0.0/104', '10.255.0.1', true],
    ['::ffff:10.0.0.0/104', '11.0.0.1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', 'rubbish', false],
  ])('%s holds %s: %s', async (cidr, address, holds) => {
    const { ask } = guardedBy([ipAllow([cidr])], { connection: () => ({ address }) })
    expect((await ask()).status).toBe(holds ? 200 : 403)
  })
})
