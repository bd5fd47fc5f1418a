import { request } from 'node:http'
import { once } from 'node:events'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { EventStream, events, ipAllow, mount, stream, swapstream } from 'swapstream'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const listen = useServer()

/** An app behind so many proxies: `/inside` for one network, `/open` with one stream for each client. */
function behind(proxies: number, networks: readonly string[] = ['127.0.0.0/8']) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: {}, log, proxies, limits: { maxStreamsPerClient: 1 } }))
  mount(
    app,
    { guards: [ipAllow(networks)] },
    stream({ path: '/inside', method: 'GET' }, async function* () {}),
  )
  app.get('/open', () => {
    const silent = async function* ({ signal }: { signal: AbortSignal }) {
      yield 'x'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    return new EventStream(silent, { encoding: events() })
  })
  return { app, log }
}

/** Asks over a real connection from 127.0.0.1. Each text of a list is a header line of its own. */
async function ask(
  url: string,
  path: string,
  forwardedFor?: string | string[],
  more: Record<string, string> = {},
): Promise<number> {
  const headers = {
    ...more,
    ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }),
  }
  const asked = request(url + path, { headers, agent: false }).end()
  asked.on('error', () => {})
  const [response] = await once(asked, 'response')
  return response.statusCode
}

describe('behind proxies of ours, a client has the address', () => {
  const INSIDE = ['10.0.0.0/8', '2001:db8::/32', 'fe80::/10', '127.0.0.0/8', '::1']
  test.each([
    ['no entry', 1, undefined, 403],
    ['fewer entries than proxies', 2, '10.0.0.1', 403],
    ['fewer entries than proxies, the last an own one', 3, '10.0.0.1, 127.0.0.1', 403],
    ['as many entries as proxies', 2, '10.0.0.1, 127.0.0.1', 200],
    ['more entries, the first an invention', 2, '10.0.0.9, 8.8.8.8, 127.0.0.1', 403],
    ['more entries, the first a foreign address', 2, '8.8.8.8, 10.0.0.9, 127.0.0.1', 200],
    ['several lines', 2, ['8.8.8.8, 10.0.0.9', '127.0.0.1'], 200],
    ['several lines, the first an invention', 1, ['10.0.0.1', '8.8.8.8'], 403],
    ['an empty header', 1, '', 403],
    ['an empty entry', 2, '10.0.0.1, , 127.0.0.1', 403],
    ['commas only', 1, ',,', 403],
    ['"unknown"', 1, 'unknown', 403],
    ['a hidden name', 1, '_hidden', 403],
    ['a host name', 1, 'localhost', 403],
    ['half an address', 1, '10.0.0', 403],
    ['a number in another form', 1, '012.0.0.1', 403],
    ['an address and more', 1, '10.0.0.1 10.0.0.2', 403],
    ['a port', 1, '10.0.0.1:5678', 200],
    ['a port, outside', 1, '8.8.8.8:5678', 403],
    ['brackets', 1, '[2001:db8::1]', 200],
    ['brackets and a port', 1, '[2001:db8::1]:80', 200],
    ['no brackets', 1, '2001:DB8:0::1', 200],
    ['no brackets, outside', 1, '2001:db9::1', 403],
    ['an IPv4 address written as IPv6', 1, '::ffff:10.0.0.1', 200],
    ['an IPv4 address written as IPv6, outside', 1, '[::ffff:8.8.8.8]:80', 403],
    ['a zone', 1, 'fe80::1%eth0', 200],
    ['a zone where none may be', 1, '2001:db8::1%eth0', 403],
    ['spaces around it', 1, '  10.0.0.1\t', 200],
  ])('of its entry in X-Forwarded-For: %s', async (_, proxies, forwardedFor, status) => {
    const { app } = behind(proxies, INSIDE)
    expect(await ask(await listen(app), '/inside', forwardedFor)).toBe(status)
  })

  test('of its socket where there is no proxy, whatever it says', async () => {
    const url = await listen(behind(0).app)
    expect(await ask(url, '/inside', '8.8.8.8')).toBe(200)
    const foreign = await listen(behind(0, ['10.0.0.0/8']).app)
    expect(await ask(foreign, '/inside', '10.0.0.1')).toBe(403)
    const forwarded = { forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1' }
    expect(await ask(foreign, '/inside', undefined, forwarded)).toBe(403)
  })

  test('and the log says what a proxy has to do when it has none', async () => {
    const { app, log } = behind(2)
    const url = await listen(app)
    await ask(url, '/inside', '127.0.0.1')
    expect(log.lines[0]!.message).toMatch(
      /address of the client is not known.*X-Forwarded-For.*prox/s,
    )
    await ask(url, '/inside', '8.8.8.8, 127.0.0.1')
    expect(log.lines[1]!.message).toMatch(/8\.8\.8\.8 is in none of the allowed networks/)
  })
})

describe('streams are counted', () => {
  test('together for all clients whose address the proxies do not give', async () => {
    const url = await listen(behind(2).app)
    expect(await ask(url, '/open', '10.0.0.1')).toBe(200)
    for (const unknown of [undefined, '10.0.0.2', '', 'unknown, 127.0.0.1', '_a, 127.0.0.1'])
      expect(await ask(url, '/open', unknown)).toBe(429)
    expect(await ask(url, '/open', '10.0.0.1, 127.0.0.1')).toBe(200)
  })

  test.each([
    ['8.8.8.8', '8.8.8.8:5678'],
    ['8.8.8.8:1', '8.8.8.8:2'],
    ['8.8.8.8', '::ffff:8.8.8.8'],
    ['8.8.8.8', '[::FFFF:8.8.8.8]:80'],
    ['[2001:db8::1]:80', '2001:db8::1'],
    ['9.9.9.9, 8.8.8.8', '7.7.7.7, 8.8.8.8'],
    ['8.8.8.8', '::FFFF:808:808'],
    ['2001:db8:1:2::7', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:db8:1:2::7', '2001:0DB8:0001:0002:0:0:0:8'],
    ['[2001:db8::1]:80', '[2001:db8:0:0:1::]:81'],
  ])('once for %s and %s', async (first, second) => {
    const url = await listen(behind(1).app)
    expect(await ask(url, '/open', first)).toBe(200)
    expect(await ask(url, '/open', second)).toBe(429)
    expect(await ask(url, '/open', '8.8.4.4')).toBe(200)
  })

  test.each([
    ['other networks', '2001:db8:0:1::7', '2001:db8:0:2::7'],
    ['one link', 'fe80::1', 'fe80::2'],
    ['a translator of IPv4', '64:ff9b::8.8.8.8', '64:ff9b::8.8.8.9'],
  ])('for each client of %s', async (_, first, second) => {
    const url = await listen(behind(1).app)
    expect(await ask(url, '/open', first)).toBe(200)
    expect(await ask(url, '/open', second)).toBe(200)
    expect(await ask(url, '/open', first)).toBe(429)
  })

  test('on Bun, whose server knows the address', async () => {
    const { app } = behind(0)
    const env = (address: string) => ({ requestIP: () => ({ address }) })
    const open = (address: string) => app.request('/open', {}, env(address))
    const [first, same, other] = [await open('8.8.8.8'), await open('8.8.8.8'), await open('::1')]
    expect([first.status, same.status, other.status]).toEqual([200, 429, 200])
    expect((await app.request('/inside', {}, env('127.0.0.1'))).status).toBe(200)
    expect((await app.request('/inside', {}, env('8.8.8.8'))).status).toBe(403)
    for (const { body } of [first, other]) await body!.cancel()
  })

  test('also where the socket has no address', async () => {
    const { app } = behind(0)
    const nameless = { incoming: { socket: {} } }
    const first = await app.request('/open', {}, nameless)
    expect([first.status, (await app.request('/open', {}, nameless)).status]).toEqual([200, 429])
    await first.body!.cancel()
  })
})
