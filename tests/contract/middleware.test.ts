import { setTimeout as sleep } from 'node:timers/promises'
import { Hono, type MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import { contextStorage, getContext } from 'hono/context-storage'
import { setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'
import { timing } from 'hono/timing'
import { describe, expect, test } from 'vitest'
import { EventStream, events, swapstream } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'
import { readEvents } from './support/read-events.ts'

const ORIGIN = 'https://app.example'
const before: MiddlewareHandler = async (c, next) => {
  c.header('x-before', '1')
  setCookie(c, 'before', '1')
  await next()
}
const after: MiddlewareHandler = async (c, next) => {
  await next()
  c.res.headers.set('x-after', '1')
  setCookie(c, 'after', '1')
}
const ALL: Record<string, () => MiddlewareHandler> = {
  'cors()': () => cors({ origin: ORIGIN, credentials: true }),
  'secureHeaders()': () => secureHeaders(),
  'timing()': () => timing(),
  'compress()': () => compress({ threshold: 0 }),
  'custom before': () => before,
  'custom after': () => after,
}

interface Seen {
  user?: unknown
}

function appWith(outside: MiddlewareHandler[], inside: MiddlewareHandler[], seen: Seen = {}): Hono {
  const app = new Hono()
  app.use(contextStorage())
  for (const middleware of outside) app.use(middleware)
  app.use(swapstream({ templates: {}, log: recordingLog(), allowedOrigins: [ORIGIN] }))
  for (const middleware of inside) app.use(middleware)
  app.get('/stream', (c) => {
    c.set('user' as never, 'ada' as never)
    setCookie(c, 'own', '1')
    return new EventStream(
      async function* () {
        yield 'one'
        await sleep(5)
        seen.user = getContext<{ Variables: { user: string } }>().get('user')
        yield 'two'
      },
      { encoding: events(), status: 202, headers: { 'x-own': '1' } },
    )
  })
  return app
}

async function expectWhole(response: Response, names: readonly string[]): Promise<void> {
  const { headers } = response
  const has = (name: string): boolean => names.includes(name)
  expect(response.status).toBe(202)
  expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store, no-transform')
  expect(headers.get('x-accel-buffering')).toBe('no')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-encoding')).toBe(null)
  expect(headers.get('x-own')).toBe('1')
  expect(headers.get('access-control-allow-origin')).toBe(has('cors()') ? ORIGIN : null)
  expect(headers.has('strict-transport-security')).toBe(has('secureHeaders()'))
  expect(headers.has('server-timing')).toBe(has('timing()'))
  expect(headers.get('x-before')).toBe(has('custom before') ? '1' : null)
  expect(headers.get('x-after')).toBe(has('custom after') ? '1' : null)
  expect(
    headers
      .getSetCookie()
      .map((cookie) => cookie.split('=')[0])
      .toSorted(),
  ).toEqual(
    [
      ...(has('custom after') ? ['after'] : []),
      ...(has('custom before') ? ['before'] : []),
      'own',
    ].toSorted(),
  )
  const { events: received } = readEvents(await response.text())
  expect(received).toEqual([
    { data: 'one' },
    { data: 'two' },
    { event: 'done', data: '{"reason":"done"}' },
  ])
  await expectNothingLeft(timersRunning)
}

const REQUEST = {
  headers: { origin: ORIGIN, 'accept-encoding': 'gzip', accept: 'text/event-stream' },
}
const names = Object.keys(ALL)
const cases: [string, string[], string[]][] = [
  ...names.map((name): [string, string[], string[]] => [`${name} outside`, [name], []]),
  ...names.map((name): [string, string[], string[]] => [`${name} inside`, [], [name]]),
  ['all outside', names, []],
  ['all inside', [], names],
  ['half outside, half inside', names.slice(0, 3), names.slice(3)],
  ['the other half outside', names.slice(3), names.slice(0, 3)],
]
const made = (list: string[]): MiddlewareHandler[] => list.map((name) => ALL[name]!())

describe('a stream keeps its headers and theirs, its cookies and its context', () => {
  test.each(cases)('with %s', async (_, outside, inside) => {
    const seen: Seen = {}
    const app = appWith(made(outside), made(inside), seen)
    await expectWhole(await app.request('/stream', REQUEST), [...outside, ...inside])
    expect(seen.user).toBe('ada')
  })

  const serveApp = useServer()
  test.each(cases.slice(-4))('with %s, over a socket', async (_, outside, inside) => {
    const seen: Seen = {}
    const url = await serveApp(appWith(made(outside), made(inside), seen))
    await expectWhole(await fetch(`${url}/stream`, REQUEST), [...outside, ...inside])
    expect(seen.user).toBe('ada')
  })
})
