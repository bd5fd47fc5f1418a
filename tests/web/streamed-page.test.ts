import fc from 'fast-check'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import {
  EventStream,
  Fragment,
  nunjucksEngine,
  streamToFragments,
  streamWithSources,
  swapstream,
  type EventStreamOptions,
  type Source,
  type StreamEnd,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const serve = useServer()
afterEach(() => expectNothingLeft(timersRunning))

/** Pages whose text may be sent while it is written. */
const LINEAR = {
  plain: '<!doctype html><title>t</title><main><p>{{ text }}</p></main><footer>f</footer>',
  busy: '<main><p aria-busy="{{ streaming }}">{{ text }}</p>{% if failed %}<a href="/">Again</a>{% endif %}</main>',
  block: '<main>{% block response %}<div>Said: {{ text }}<i>.</i></div>{% endblock %}</main>',
  child:
    '{% extends "base.html" %}{% set n = title | length %}{% block body %}<b>{{ n }}</b><p>{{ text }}</p>{% endblock %}',
  super:
    '{% extends "block.html" %}{% block response %}{{ super() }}{% endblock %}{{ text }} is not printed here',
  included:
    '<head>{% include "nav.html" %}</head>{% from "macros.html" import shout %}<div>{{ shout(title) }}</div><p>{{ text | escape }}</p>',
  condition:
    '<title>t{% if text %}!{% endif %}</title>{% if text %}<p>{{ text }}</p>{% else %}<p>Nothing.</p>{% endif %}<hr>',
  'no text': '<div>{% if not text %}😀{% else %}😁<p>{{ text }}</p>{% endif %}</div>',
  'in a condition that asks for more': '{% if text and title %}A{% endif %}<p>{{ text }}</p>',
  'behind it': '<p>{{ text }}</p>{% if text | length > 3 %}long{% endif %}',
  looped:
    '{% for s in sources %}<li>{{ s }}</li>{% endfor %}<p>{{ text }}</p>{{ sources | length }}',
} as const
/** Pages of which more depends on the text, or in which it is no plain text. */
const WHOLE = {
  twice: '<title>{{ text }}</title><p>{{ text }}</p>',
  attribute: '<input value="{{ text }}">',
  filtered: '<p>{{ text | upper }}</p>',
  markdown: '<div>{{ text | markdown }}</div>',
  'how long it is': '{% if text | length > 3 %}long{% endif %}<p>{{ text }}</p>',
  'whether it says anything': '{% if text | trim %}A{% endif %}<p>{{ text }}</p>',
  trimmed: '<p>{{ text | trim }}</p>',
  cut: '<p>{{ text | truncate(300) }}</p>',
  script: '<script>let a = "{{ text }}"</script>',
  comment: '<!-- {{ text }} --><p></p>',
  'before the block':
    '{% extends "base.html" %}{% set n = text | length %}{% block body %}{{ n }}<p>{{ text }}</p>{% endblock %}',
  'in a macro': '{% macro m() %}{{ text }}{% endmacro %}{{ m() }}<p>{{ text }}</p>',
  'in an include': '{% include "echo.html" %}<p>{{ text }}</p>',
  'in a call': '{{ renderBlock("block.html", "response") }}<p>{{ text }}</p>',
  set: '{% set text = "mine" %}<p>{{ text }}</p>',
  hidden: '<p>{% if nobody %}{{ text }}{% endif %}</p>',
  shadowed: '{% for text in sources %}<p>{{ text }}</p>{% endfor %}',
  absent: '<p>nothing</p>',
} as const
const PARTS = {
  'base.html': '<!doctype html><title>{{ title }}</title>{% block body %}{% endblock %}<hr>',
  'nav.html': '<link rel="next" href="/{{ title }}">',
  'macros.html': '{% macro shout(words) %}{{ words | upper }}{% endmacro %}',
  'echo.html': '<q>{{ text }}</q>',
}
/** Nobody can tell by looking at the page with another text. */
const SAYS = '{% if text == "a" %}A{% endif %}<p>{{ text }}</p>'
const pages = { ...LINEAR, ...WHOLE }
const templates = {
  ...PARTS,
  'says.html': SAYS,
  ...Object.fromEntries(Object.entries(pages).map(([name, page]) => [`${name}.html`, page])),
}
const engine = nunjucksEngine({ templates })
const BROWSER = { method: 'POST', headers: { accept: 'text/html' } }

function serving(source: Source<unknown>, options: EventStreamOptions = {}) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ engine, log }))
  app.post('/', () => new EventStream(source, options))
  return { app, log, ask: () => app.request('/', BROWSER) }
}
const chunksOf = async ({ body }: Response): Promise<string[]> => {
  const chunks: string[] = []
  for await (const bytes of body!) chunks.push(Buffer.from(bytes).toString('latin1'))
  return chunks
}
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('a page whose text is still being written', () => {
  test('is begun at once, grows with its text, and then goes on', async () => {
    let more!: () => void
    const asked = new Promise<void>((resolve) => (more = resolve))
    const { ask } = serving(
      () =>
        streamToFragments(
          (async function* () {
            await asked
            yield 'a <'
            await wait(40)
            yield 'b'
          })(),
          'busy.html',
          'response',
        ),
      { frameMs: 0 },
    )
    const response = await ask()
    const { headers } = response
    expect([headers.get('content-type'), headers.get('x-accel-buffering')]).toEqual([
      'text/html; charset=utf-8',
      'no',
    ])
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    const reader = response.body!.getReader()
    const next = async (): Promise<string> => Buffer.from((await reader.read()).value!).toString()
    expect(await next()).toBe('<main><p aria-busy="false">')
    more()
    expect(await next()).toBe('a &lt;')
    expect(await next()).toBe('b')
    expect(await next()).toBe('</p></main>')
    expect((await reader.read()).done).toBe(true)
  })

  test('whose template asks for a text is begun with what is the same without one', async () => {
    const page = async (tokens: string[]): Promise<string[]> =>
      chunksOf(
        await serving(() => streamToFragments(tokens, 'condition.html', 'x'), { frameMs: 0 }).ask(),
      )
    expect(await page(['a', 'b'])).toEqual(['<title>t', '!</title><p>a', 'b', '</p><hr>'])
    expect(await page([])).toEqual(['<title>t', '</title><p>Nothing.</p><hr>'])
  })

  test('has its sources before its text', async () => {
    const sources = wait(5).then(() => ['<one>', 'two'])
    const { ask } = serving(() => streamWithSources(['Hi'], 'looped.html', { sources }))
    expect(await chunksOf(await ask())).toEqual(['<li>&lt;one&gt;</li><li>two</li><p>', 'Hi</p>2'])
  })

  const text = fc.string({
    unit: fc.constantFrom(
      'a',
      ' ',
      '\n',
      '\r',
      '<',
      '&',
      '"',
      '\\',
      '\ud83d',
      '\ude00',
      '{{',
      '</p>',
    ),
    maxLength: 5,
  })
  test('is, byte for byte, one render of the page with the whole text, whatever the text and however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(pages) as (keyof typeof pages)[])),
        fc.array(text, { maxLength: 12 }),
        fc.constantFrom(0, 1, undefined),
        async (name, tokens, frameMs) => {
          const extraContext = { title: '<T>', sources: ['s&', 2] }
          const fragments = () =>
            streamToFragments(tokens, `${name}.html`, 'response', { extraContext })
          const { ask } = serving(fragments, frameMs === undefined ? {} : { frameMs })
          const context = {
            ...extraContext,
            streaming: false,
            failed: false,
            text: tokens.join(''),
          }
          const whole = new TextEncoder().encode(await engine.render(`${name}.html`, context))
          expect(new Uint8Array(await (await ask()).arrayBuffer())).toEqual(whole)
        },
      ),
      { numRuns: 100 },
    )
  })

  test.each(Object.keys(pages))(
    '%s: is streamed only where the place of its text is found',
    async (name) => {
      const extraContext = { title: 'T', sources: [1] }
      const tokens = async function* (): AsyncGenerator<string> {
        yield 'one'
        await wait(25)
        yield 'two'
      }
      const { ask } = serving(() =>
        streamToFragments(tokens(), `${name}.html`, 'response', { extraContext }),
      )
      const chunks = await chunksOf(await ask())
      expect(chunks.length > 1).toBe(name in LINEAR)
    },
  )

  test.each([
    [
      'fragments follow it',
      () => streamToFragments(['a'], 'busy.html', 'response', { onDone: () => [] }),
    ],
    [
      'it is part of another stream',
      async function* () {
        yield* streamToFragments(['a'], 'busy.html', 'response')
        yield new Fragment('busy.html', 'response', { text: 'b', streaming: 'no' })
      },
    ],
  ])('is sent when it is whole where %s', async (_, source) => {
    const chunks = await chunksOf(await serving(source).ask())
    expect(chunks).toHaveLength(1)
  })

  test('that asks what the text says ends as it was begun, and the log tells', async () => {
    const { ask, log } = serving(() => streamToFragments(['a'], 'says.html', 'response'))
    expect(await (await ask()).text()).toBe('<p>a</p>')
    expect(log.lines).toMatchObject([
      { level: 'warn', fields: { template: 'says.html' } },
      { level: 'info' },
    ])
  })

  test('is sent when it is whole where the whole is asked for', async () => {
    const source = (): AsyncIterable<Fragment> => streamToFragments(['a'], 'busy.html', 'response')
    const chunks = await chunksOf(await serving(source, { updates: 'full' }).ask())
    expect(chunks).toEqual(['<main><p aria-busy="false">a</p></main>'])
  })

  test('costs each character once: bytes that are linear in the text', async () => {
    const tokens = Array.from({ length: 5_000 }, () => 'word ')
    let ended!: StreamEnd
    const { ask } = serving(() => streamToFragments(tokens, 'busy.html', 'response'), {
      onEnd: (end) => void (ended = end),
    })
    expect((await (await ask()).text()).length).toBe(
      25_000 + '<main><p aria-busy="false"></p></main>'.length,
    )
    expect(ended).toMatchObject({ reason: 'done', values: 5_001, bytes: 25_038 })
  })
})

describe('what goes wrong in such a page', () => {
  const failing = async function* (): AsyncGenerator<string> {
    yield 'kept'
    await wait(5)
    throw new Error('SECRET')
  }

  test('in its middle is a notice behind the text, and the rest of the page, as it looks then', async () => {
    const { ask, log } = serving(() => streamToFragments(failing(), 'busy.html', 'response'))
    const response = await ask()
    expect(response.status).toBe(200)
    expect(await response.text()).toMatch(
      /^<main><p aria-busy="false">kept<\/p><p class="swapstream-error" role="alert">Something went wrong\. <small>\(source\/failed \w+\)<\/small><\/p><a href="\/">Again<\/a><\/main>$/,
    )
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  test('in its template is an HTTP error', async () => {
    const { ask } = serving(() => streamToFragments(['a'], 'nowhere.html', 'response'))
    expect((await ask()).status).toBe(500)
  })

  test('before its text is an HTTP error', async () => {
    const early = serving(() =>
      streamToFragments(
        (async function* () {
          throw new Error('SECRET')
        })(),
        'busy.html',
        'response',
      ),
    )
    early.app.onError((_, c) => c.text('failed', 500))
    const response = await early.ask()
    expect([response.status, await response.text()]).toEqual([500, 'failed'])
  })

  test('with its sources is an HTTP error, and the model is let go', async () => {
    let closed = 0
    const { app, ask } = serving(() =>
      streamWithSources(
        new ReadableStream<string>({ cancel: () => void (closed += 1) }),
        'looped.html',
        { sources: wait(5).then(() => Promise.reject(new Error('SECRET'))) },
      ),
    )
    app.onError((_, c) => c.text('failed', 500))
    expect((await ask()).status).toBe(500)
    await eventually(() => expect(closed).toBe(1))
  })

  test('as a limit cuts it with a word', async () => {
    const endless = async function* (): AsyncGenerator<string> {
      for (;;) yield 'word '
    }
    const { ask } = serving(() => streamToFragments(endless(), 'busy.html', 'response'), {
      limits: { maxOutputBytes: 200_000 },
    })
    const page = await (await ask()).text()
    expect(page).toMatch(
      / ?<\/p><p class="swapstream-error" role="alert">The answer reached its limit/,
    )
    expect(page).toMatch(/<\/main>$/)
    expect(page.length).toBeLessThan(400_000)
  })
})

describe('the reader of such a page', () => {
  test('who leaves stops the model, wherever it stands', async () => {
    for (const first of [[], ['said']]) {
      const seen: string[] = []
      const { app } = serving(({ signal }) => {
        signal.addEventListener('abort', () => seen.push('aborted'))
        const said = async function* (): AsyncGenerator<string> {
          try {
            yield* first
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
          } finally {
            seen.push('closed')
          }
        }
        return streamToFragments(said(), 'busy.html', 'response')
      })
      const url = await serve(app)
      const leaving = new AbortController()
      const response = await fetch(url, { ...BROWSER, signal: leaving.signal })
      await response.body!.getReader().read()
      leaving.abort()
      await eventually(() => expect(seen).toEqual(['aborted', 'closed']))
    }
  })

  test('who does not read holds the source, so that nothing piles up', async () => {
    let produced = 0
    const endless = async function* (): AsyncGenerator<string> {
      for (;;) {
        produced += 1
        yield 'x'.repeat(1_000)
      }
    }
    const { ask } = serving(() => streamToFragments(endless(), 'busy.html', 'response'))
    const response = await ask()
    const reader = response.body!.getReader()
    await reader.read()
    await wait(100)
    expect(produced).toBeLessThan(100)
    await reader.cancel()
  })

  test('who asks with HEAD starts nothing', async () => {
    let started = 0
    const { app } = serving(() => {
      started += 1
      return streamToFragments(['a'], 'busy.html', 'response')
    })
    app.get('/get', () => new EventStream(() => [`${(started += 1)}`]))
    const response = await app.request('/get', { method: 'HEAD', headers: BROWSER.headers })
    expect([response.status, await response.text(), started]).toEqual([200, '', 0])
  })
})
