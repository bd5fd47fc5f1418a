import { describe, expect, test } from 'vitest'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { useConnections } from './support/raw-connection.ts'

const app = useApp(CONFORMANCE)
const { request } = useConnections(() => app().port)
const stats = useStats(() => app().port)

const HOST = 'app.example:8080'
const SITES = [undefined, 'same-origin', 'none', 'same-site', 'cross-site'] as const
const ORIGINS = {
  'no origin': undefined,
  'its own origin': `http://${HOST}`,
  'a foreign origin': 'https://evil.example',
  'a foreign port': 'http://app.example:9090',
  'an opaque origin': 'null',
  'an origin that is none': 'http://app.example:8080.evil.example',
} as const
const COOKIES = { 'no cookies': undefined, cookies: 'session=1' } as const
const TYPES = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  undefined,
]

type Site = (typeof SITES)[number]

/** The rule of the guard in other words than the guard's. */
function mayPass(site: Site, origin: string, cookies: string): boolean {
  if (site === 'cross-site' || site === 'same-site') return false
  if (origin === 'an opaque origin') return site !== undefined
  if (origin !== 'no origin') return origin === 'its own origin'
  return site !== undefined || cookies === 'no cookies'
}

function headersOf(
  site: Site,
  origin: keyof typeof ORIGINS,
  cookies: keyof typeof COOKIES,
): Record<string, string> {
  const headers = {
    host: HOST,
    'sec-fetch-site': site,
    origin: ORIGINS[origin],
    cookie: COOKIES[cookies],
  }
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

const COMBINATIONS = SITES.flatMap((site) =>
  (Object.keys(ORIGINS) as (keyof typeof ORIGINS)[]).flatMap((origin) =>
    (Object.keys(COOKIES) as (keyof typeof COOKIES)[]).map((cookies) => ({
      site,
      origin,
      cookies,
    })),
  ),
)

describe('a request', () => {
  test.each(COMBINATIONS)(
    'of site $site with $origin and $cookies',
    async ({ site, origin, cookies }) => {
      const expected = mayPass(site, origin, cookies) ? 200 : 403
      const headers = headersOf(site, origin, cookies)
      const { opened } = await stats()
      let asked = 0

      const get = await request('/short', { headers: { accept: 'text/event-stream', ...headers } })
      expect((await get.head).status).toBe(expected)
      await get.text()
      asked += 1

      for (const type of TYPES) {
        const post = await request('/echo', {
          method: 'POST',
          body: '{"data":"x"}',
          headers: { ...headers, ...(type === undefined ? {} : { 'content-type': type }) },
        })
        const answered = await post.head
        expect(answered.status, `POST ${type}`).toBe(expected)
        if (expected === 403) expect(answered.headers['content-type']).not.toContain('event-stream')
        await post.text()
        asked += 1
      }
      expect((await stats()).opened - opened).toBe(expected === 200 ? asked : 0)
    },
  )

  test.each([
    '/tick',
    '/stuck',
    '/fire',
    '/seeds/jero/idle',
    '/template-error',
    '/error-first',
    '/short',
  ])('from an EventSource on another site never reaches the source of %s', async (path) => {
    const { opened } = await stats()
    const response = await request(path, {
      headers: {
        host: HOST,
        accept: 'text/event-stream',
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'cors',
        'sec-fetch-dest': 'empty',
      },
    })
    const { status, headers } = await response.head
    expect(status).toBe(403)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    await response.text()
    expect((await stats()).opened).toBe(opened)
  })

  test('with a host in other case, or with the default port, is still its own', async () => {
    for (const [host, origin] of [
      ['APP.example', 'http://app.example'],
      ['app.example', 'http://app.example'],
      ['[::1]:3400', 'http://[::1]:3400'],
    ] as const) {
      const response = await request('/short', { headers: { host, origin } })
      expect((await response.head).status, host).toBe(200)
      await response.text()
    }
    await expectAllFinished(stats)
  })

  test('for a HEAD is guarded like the GET', async () => {
    const response = await request('/tick', {
      method: 'HEAD',
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    })
    expect((await response.head).status).toBe(403)
  })
})
