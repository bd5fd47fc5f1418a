import fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import {
  errorPages,
  EventStream,
  streamToFragments,
  FormResult,
  Fragment,
  htmxHeaders,
  Page,
  swapstream,
} from 'swapstream'

/**
 * The address and the settings that htmx 4 reads in HX-Location, in other words than its own: JSON, or pairs behind
 * commas and blanks, if one of them is called `path`.
 */
function readLocation(value: string): { path: unknown; settings: string[] } {
  if (value.startsWith('{')) {
    const { path, ...rest } = JSON.parse(value) as Record<string, unknown>
    return { path, settings: Object.keys(rest) }
  }
  const names = value.split(/[\s,]+/).map((pair) => pair.replace(/^[:"']+/, '').split(/["':]/)[0]!)
  const isSettings = names.some((name) => name === 'path' || name.startsWith('path.'))
  return isSettings
    ? { path: undefined, settings: names }
    : { path: value, settings: names.slice(1) }
}

describe('htmxHeaders: a location is an address and nothing else', () => {
  test.each([
    '/x,path:javascript:alert(1)',
    '/x,target:#a,swap:innerHTML',
    '/x path:/y',
    ',path:/y',
    ':/y',
    ':path:javascript:alert(1)',
    'path',
    'path.x',
    "'path':/y",
    '"path":/y',
    '/search?q=a,b',
    '/a?b="c",path:/y',
    "/it's",
    '?page=2',
    '#top',
    'https://app.example/a,path:/y',
  ])('%s', (address) => {
    const value = htmxHeaders({ location: address })['HX-Location']!
    const { path, settings } = readLocation(value)
    expect(settings).toEqual([])
    expect(decodeURIComponent(String(path))).toBe(address)
    expect(value).toMatch(/^[\x21-\x7e]*$/)
  })

  test('whatever the address is', () => {
    const part = fc.constantFrom(
      'path',
      ':',
      ',',
      '/',
      '?',
      '"',
      "'",
      ' ',
      '\n',
      '{',
      '}',
      '.',
      'ü',
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const address = parts.join('')
        let value
        try {
          value = htmxHeaders({ location: address })['HX-Location']!
        } catch (error) {
          // `path:…` looks like a scheme.
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        const { path, settings } = readLocation(value)
        expect([decodeURIComponent(String(path)), settings]).toEqual([address, []])
      }),
    )
  })

  test('an ordinary address stays as it is', () => {
    for (const location of ['/', '/a/b?c=d&e=1:2#f', 'https://app.example/'])
      expect(htmxHeaders({ location })).toEqual({ 'HX-Location': location })
  })
})

test.each(['location', 'redirect', 'pushUrl', 'replaceUrl'] as const)(
  'htmxHeaders refuses a script as %s',
  (name) => {
    for (const address of ['javascript:alert(1)', ' java\nscript:alert(1)', 'data:text/html,x'])
      expect(() => htmxHeaders({ [name]: address })).toThrow(TypeError)
  },
)

test.each(['retarget', 'reselect', 'reswap', 'trigger'] as const)(
  'htmxHeaders refuses a %s with a line break',
  (name) => {
    expect(() => htmxHeaders({ [name]: 'a\r\nHX-Redirect: x' })).toThrow(TypeError)
  },
)

describe('htmxHeaders: a selector', () => {
  test.each([
    ['#grüße', '#gr\\fc \\df e'],
    ['#a, #日本', '#a, #\\65e5 \\672c '],
    ['[title="👋"]', '[title="\\1f44b "]'],
    ['closest form', 'closest form'],
  ])('is the same in ASCII: %s', (selector, ascii) => {
    expect(htmxHeaders({ retarget: selector, reselect: selector })).toEqual({
      'HX-Retarget': ascii,
      'HX-Reselect': ascii,
    })
  })

  test('that errorPages cannot send fails when it is declared', () => {
    expect(() => errorPages(new Hono(), { retarget: '#a\n' })).toThrow(/one line of ASCII\. Leave/)
    expect(() => errorPages(new Hono(), { trigger: 'a b' })).toThrow(/is no name of an event/)
  })
})

test('htmxHeaders: an address called "true" or "false" is no yes or no', () => {
  for (const word of ['true', 'false'])
    expect(htmxHeaders({ pushUrl: word, replaceUrl: word })).toEqual({
      'HX-Push-Url': `./${word}`,
      'HX-Replace-Url': `./${word}`,
    })
  expect(htmxHeaders({ pushUrl: false })).toEqual({ 'HX-Push-Url': 'false' })
})

test('htmxHeaders: an event without details is an event, too', () => {
  const value = htmxHeaders({ trigger: { saved: undefined, 'grüße:da': {}, next: null } })
  expect(JSON.parse(value['HX-Trigger']!)).toEqual({ saved: null, 'grüße:da': {}, next: null })
  expect(value['HX-Trigger']).toMatch(/^[\x20-\x7e]*$/)
})

test('htmxHeaders says what to give instead', () => {
  expect(() => htmxHeaders({ trigger: 'a, b' })).toThrow(/Give several as an object/)
  expect(() => htmxHeaders({ redirect: 'vbscript:x' })).toThrow(/Give an address of this site/)
})

test('a FormResult leads to its address alone, with htmx and without', async () => {
  const app = new Hono()
  app.use(swapstream({ templates: {} }))
  app.post('/x', () => new FormResult('/x,path:/y'))
  const ask = (headers = {}) => app.request('/x', { method: 'POST', headers })
  expect((await ask({ 'HX-Request': 'true' })).headers.get('hx-redirect')).toBe('/x,path:/y')
  expect((await ask()).headers.get('location')).toBe('/x,path:/y')
})

describe('Vary names each header that decides', () => {
  const app = new Hono()
  const templates = {
    'x.html':
      '<title>T</title>{% block b %}<p>B{{ text }}</p>{% endblock %}{% block menu %}<i>M</i>{% endblock %}',
  }
  app.use(swapstream({ templates }))
  const cached = { 'Cache-Control': 'private, max-age=60' }
  app.get('/x', () => new Page('x.html', {}, { block: 'b', headers: cached }))
  app.get('/blocks', () => new Page('x.html', {}, { block: 'b', blocks: { side: 'menu' } }))
  app.get('/stream', () => new EventStream(() => [new Fragment('x.html', 'b', { text: '!' })]))
  app.get('/form', () => new FormResult('/x', { fragments: [new Fragment('x.html', 'b')] }))

  const PART = { 'HX-Request': 'true', 'HX-Request-Type': 'partial', 'HX-Target': 'div#b' }
  const CHANGES: [string, Record<string, string>][] = [
    ['HX-Request', { 'HX-Request': 'false' }],
    ['HX-Boosted', { 'HX-Boosted': 'true' }],
    ['HX-Request-Type', { 'HX-Request-Type': 'full' }],
    ['HX-History-Restore-Request', { 'HX-History-Restore-Request': 'true' }],
  ]
  const namesIn = ({ headers }: Response): string[] =>
    headers.get('vary')!.toLowerCase().split(/,\s*/)

  describe.each(['/x', '/blocks', '/stream', '/form'])('of %s', (path) => {
    test.each(CHANGES)('%s', async (name, change) => {
      const part = await app.request(path, { headers: PART })
      const whole = await app.request(path, { headers: { ...PART, ...change } })
      expect(await part.text()).not.toContain('<title>')
      if (path !== '/form') expect(await whole.text()).toContain('<title>')
      for (const response of [part, whole]) expect(namesIn(response)).toContain(name.toLowerCase())
    })
  })

  test('the target, and the header that tells how to read it, where the target chooses the block', async () => {
    const ask = async (headers: Record<string, string>): Promise<Response> =>
      app.request('/blocks', { headers: { 'HX-Request': 'true', ...headers } })
    const own = await ask({ 'HX-Target': 'side' })
    const other = await ask({ 'HX-Target': 'side', 'HX-Source': 'a#b' })
    expect([await own.text(), await other.text()]).toEqual(['<i>M</i>', '<p>B</p>'])
    for (const response of [own, other])
      expect(namesIn(response)).toEqual(expect.arrayContaining(['hx-target', 'hx-source']))
  })
})

describe('Back', () => {
  const app = new Hono()
  const templates = { 'x.html': '<title>T</title>{% block b %}<p>B{{ text }}</p>{% endblock %}' }
  app.use(swapstream({ templates }))
  const page = (headers = {}) => new Page('x.html', {}, { block: 'b', headers })
  app.all('/x', () => page())
  app.get('/cached', () => page({ 'Cache-Control': 'private, max-age=60' }))
  app.get('/expires', () => page({ Expires: new Date().toUTCString() }))
  app.get('/set', (c) => (c.header('Cache-Control', 'no-cache'), page()))
  app.get('/other', (c) => c.text('x'))
  const answer = () => streamToFragments(['!'], 'x.html', 'b')
  app.all('/stream', () => new EventStream(answer))
  app.all('/full', () => new EventStream(answer, { updates: 'full' }))
  const ask = async (path: string, method = 'GET', headers = {}): Promise<Headers> =>
    (await app.request(path, { method, headers: { accept: 'text/html', ...headers } })).headers
  const differs = (headers: Headers): boolean => /(^|, )\*$/.test(headers.get('vary') ?? '')

  test('asks again for a page: it differs each time', async () => {
    expect(differs(await ask('/x'))).toBe(true)
    expect(differs(await ask('/x', 'HEAD'))).toBe(true)
    expect(differs(await ask('/x', 'GET', { 'HX-Request': 'true', 'HX-Boosted': 'true' }))).toBe(
      true,
    )
  })

  test('shows what a cache may store: the handler says so', async () => {
    for (const path of ['/cached', '/expires', '/set', '/other'])
      expect(differs(await ask(path)), path).toBe(false)
  })

  test('shows the answer to a form from the history, and never a page that a GET streams', async () => {
    expect(differs(await ask('/x', 'POST'))).toBe(false)
    const cached = async (path: string, method: string): Promise<string | null> =>
      (await ask(path, method)).get('cache-control')
    expect(await cached('/stream', 'POST')).toBe('no-cache, no-transform')
    expect(await cached('/full', 'POST')).toBe('no-cache')
    expect(await cached('/stream', 'GET')).toBe('no-store, no-transform')
    expect(await cached('/full', 'GET')).toBe('no-store')
    const events = await ask('/stream', 'POST', { accept: 'text/html, text/event-stream' })
    expect(events.get('cache-control')).toBe('no-store, no-transform')
  })

  test('does not concern a part of a page', async () => {
    expect(differs(await ask('/x', 'GET', { 'HX-Request': 'true' }))).toBe(false)
  })
})

describe('a Page with a target', () => {
  const templates = {
    'x.html':
      '<div id="ask">{% block form %}<form id="f">{{ problem }}</form>{% endblock %}</div>{% block two %}<p id="p"></p><p></p>{% endblock %}{% block spaced %}\n<!-- c -->\n<p id="s"></p>\n{% endblock %}',
  }
  const placeOf = async (block: string, target: string, htmx = {}): Promise<(string | null)[]> => {
    const app = new Hono()
    app.use(swapstream({ templates }))
    app.post('/', () => new Page('x.html', {}, { block, target, status: 422 }))
    const headers = { 'HX-Request': 'true', 'HX-Source': 'form#f', ...htmx }
    const { status, headers: sent } = await app.request('/', { method: 'POST', headers })
    expect(status).toBe(422)
    return [sent.get('hx-retarget'), sent.get('hx-reswap')]
  }

  test('goes inside it', async () => {
    expect(await placeOf('form', '#ask')).toEqual(['#ask', 'innerHTML'])
    expect(await placeOf('two', '#p')).toEqual(['#p', 'innerHTML'])
  })

  test('takes its place when it is the root of the block', async () => {
    expect(await placeOf('form', '#f')).toEqual(['#f', 'outerHTML'])
    expect(await placeOf('spaced', '#s')).toEqual(['#s', 'outerHTML'])
  })

  test('goes nowhere of its own in a page that is wanted whole', async () => {
    expect(await placeOf('form', '#f', { 'HX-Boosted': 'true' })).toEqual([null, null])
  })

  test('needs the sign of an id', () => {
    const page = (target: string) => () => new Page('x.html', {}, { block: 'form', target })
    expect(page('wrap')).toThrow('it cannot be "wrap". Did you mean "#wrap"?')
    expect(page('.a, #b')).toThrow('it cannot be ".a, #b".')
    expect(() => new Fragment('x.html', 'form', {}, { target: 'wrap' })).toThrow('"#wrap"?')
  })
})
