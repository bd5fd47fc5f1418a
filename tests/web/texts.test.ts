import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  AccessError,
  createRuns,
  errorPages,
  EventStream,
  Fragment,
  InputError,
  LimitError,
  nunjucksEngine,
  Page,
  readForm,
  runRoutes,
  streamToFragments,
  swapstream,
  type Schema,
} from 'swapstream'
import { arabic, english, german, type Texts } from 'swapstream/core'
import { controlledClock, openStream, type ControlledClock } from 'swapstream/testing'
import { sleep as clockSleep } from '../../src/shared/clock.ts'
import { stopStreams } from '../../src/streams/registry.ts'
import { recordingLog } from '../support/recording-log.ts'

const MINUTE = 60_000
const BROWSER = { accept: 'text/html' }
const HTMX = { 'hx-request': 'true' }
/** As an element asks that shows a stream by itself, and opens it again. */
const FEED = { 'hx-source': 'div', 'hx-target': 'div' }

const KIT = `{% import "swapstream/chat.html" as chat %}<!doctype html><html lang="{{ swapstreamTexts.lang }}" dir="{{ swapstreamTexts.dir }}">
{% call chat.conversation() %}{{ chat.turn(1, "", "", true) }}{{ chat.turn(2, "", "", stop="/r") }}{{ chat.message("", "assistant") }}{% endcall %}
{{ chat.sources([{ title: "" }], 1) }}{{ chat.suggestions([]) }}{{ chat.composer("/") }}
<p>{{ chat.status(true, false) }}</p><p>{{ chat.status(false, false) }}</p>`
const templates = {
  'kit.html': KIT,
  'answer.html':
    '{% import "swapstream/chat.html" as chat %}{% block turn %}<p>{{ text }}</p>{{ chat.actions(streaming, failed, "/r", 1) }}{% endblock %}',
  'feed.html': '{% block count %}<b id="count">0</b>{% endblock %}',
  'form.html': '<form>{{ errors.text }}</form>',
}

/** Each text names its key, and has to be escaped. */
const MARKED = Object.fromEntries(
  Object.keys(english).map((key) => [key, key === 'issue' ? () => mark(key) : mark(key)]),
) as unknown as Texts
function mark(key: string): string {
  return key === 'dir' ? 'rtl' : `[${key}]<i>&"`
}

let clock: ControlledClock
beforeEach(() => void (clock = controlledClock()))
const toEnd: (() => unknown)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end()
  clock.release()
})

type Options = NonNullable<Parameters<typeof swapstream>[0]>
type Choice = NonNullable<Options['texts']>

const refusing: Schema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => ({ issues: [{ message: 'Missing.', path: ['text'] }] }),
  },
}

const ERRORS: Readonly<Record<string, () => Error>> = {
  unreadable: () => new InputError('input/malformed', 'x'),
  signIn: () => new AccessError('access/unauthenticated', 'x'),
  forbidden: () => new AccessError('access/forbidden', 'x'),
  tooLarge: () => new InputError('input/too-large', 'x'),
  contentType: () => new InputError('input/content-type', 'x'),
  invalid: () => new InputError('input/invalid', 'x'),
  tooMany: () => new LimitError('limit/streams-per-client', 'x', 7),
  busy: () => new LimitError('limit/streams', 'x', 7),
  failed: () => new Error('x'),
}

/** An app with a route for each way in which a text comes into a page. */
function appWith(texts?: Choice, options: Partial<Options> = {}) {
  const host = {}
  const log = recordingLog()
  const runs = createRuns({ log })
  toEnd.push(() => runs.close())
  const app = new Hono()
  const settings = { templates, log, connection: () => ({ host }), ...options }
  app.use(swapstream({ ...settings, ...(texts && { texts }) }))
  errorPages(app)
  app.get('/', () => new Page('kit.html'))
  app.get('/error/:key', (c) => {
    throw ERRORS[c.req.param('key')]!()
  })
  app.post('/form', async (c) => {
    const form = await readForm(c, refusing)
    return new Page('form.html', { ...form }, { status: 422 })
  })
  const limits = { maxDurationMs: 2 * MINUTE, idleSourceMs: MINUTE }
  const endless = async function* (signal: AbortSignal) {
    while (!signal.aborted) {
      yield 'own '
      await clockSleep(MINUTE / 2, signal)
    }
  }
  const silent = async function* (signal: AbortSignal) {
    yield 'own '
    await new Promise((done) => signal.addEventListener('abort', done))
  }
  const failing = async function* () {
    yield 'own '
    await sleep(5)
    throw new Error('SECRET')
  }
  const sources: Readonly<Record<string, (signal: AbortSignal) => AsyncIterable<string>>> = {
    endless,
    silent,
    failing,
  }
  app.all('/answer/:source', (c) => {
    const source = sources[c.req.param('source')]!
    const tokens = ({ signal }: { signal: AbortSignal }) =>
      streamToFragments(source(signal), 'answer.html', 'turn')
    return new EventStream(tokens, { limits })
  })
  app.get('/feed/:source', (c) => {
    const source = sources[c.req.param('source')]!
    const states = async function* ({ signal }: { signal: AbortSignal }) {
      for await (const _ of source(signal)) yield new Fragment('feed.html', 'count')
    }
    return new EventStream(states, { limits })
  })
  app.get('/run/:source', async (c) => {
    const source = sources[c.req.param('source')]!
    const run = await runs.start(
      ({ signal }) => streamToFragments(source(signal), 'answer.html', 'turn'),
      { owner: 'ada', key: c.req.param('source') },
    )
    return new EventStream(run)
  })
  app.route('/runs', runRoutes(runs, { owner: () => 'ada' }))
  return { app, runs, log, host }
}

type Setup = ReturnType<typeof appWith>

async function get(
  { app }: Setup,
  path: string,
  headers: object = BROWSER,
  init: RequestInit = {},
) {
  const response = await app.request(path, { ...init, headers: { ...headers } })
  return response.text()
}

/** All frames of a stream, when something has ended it. */
async function framesOf(
  { app }: Setup,
  path: string,
  end: () => unknown,
  headers: Record<string, string> = {},
): Promise<string> {
  const stream = await openStream(app, path, { headers })
  const reading = stream.all()
  await end()
  return (await reading).map(({ data }) => data).join('\n')
}

/** Everything that a person can be shown, by the text that it must contain. */
const PAGES: Readonly<Record<string, (setup: Setup) => Promise<string>>> = {
  'the labels of the kit': (setup) => get(setup, '/'),
  'an answer that stands still': (setup) =>
    framesOf(setup, '/answer/silent', () => clock.advance(MINUTE)),
  'an answer at its limit': (setup) =>
    framesOf(setup, '/answer/endless', () => clock.advance(3 * MINUTE)),
  'an answer at a restart': (setup) =>
    framesOf(setup, '/answer/silent', () => stopStreams(setup.host)),
  'an answer that fails': (setup) => framesOf(setup, '/answer/failing', () => clock.advance(100)),
  'a page without scripts, cut': async (setup) => {
    const reading = get(setup, '/answer/silent', BROWSER, { method: 'POST' })
    for (let minutes = 0; minutes < 3; minutes += 1) await clock.advance(MINUTE)
    return reading
  },
  'a run that is stopped': async (setup) =>
    framesOf(setup, '/run/silent', async () => {
      const run = await setup.runs.current({ owner: 'ada', key: 'silent' })
      await setup.runs.stop(run!.id, { owner: 'ada' })
      await clock.advance(100)
    }),
  'a run that is gone': (setup) =>
    framesOf(setup, `/runs/${'x'.repeat(22)}?at=s1abc`, () => {}, { 'hx-request-type': 'partial' }),
  'an unknown run': (setup) => get(setup, `/runs/${'x'.repeat(22)}`),
  'a feed that stands still': (setup) =>
    framesOf(setup, '/feed/silent', () => clock.advance(MINUTE), FEED),
  'a feed at its limit': (setup) =>
    framesOf(setup, '/feed/endless', () => clock.advance(3 * MINUTE), FEED),
  'a feed at a restart': (setup) =>
    framesOf(setup, '/feed/silent', () => stopStreams(setup.host), FEED),
  'an address without an answer': (setup) => get(setup, '/nowhere'),
  'a method without an answer': (setup) =>
    get(setup, '/form', { ...BROWSER, 'sec-fetch-site': 'same-origin' }, { method: 'PUT' }),
  'a request of another site': (setup) =>
    get(setup, '/form', { ...HTMX, 'sec-fetch-site': 'cross-site' }, { method: 'POST' }),
  'a form with an issue': (setup) =>
    get(setup, '/form', BROWSER, { method: 'POST', body: new URLSearchParams({ text: '' }) }),
  ...Object.fromEntries(
    Object.keys(ERRORS).map((key) => [
      `the error page "${key}"`,
      (setup: Setup) => get(setup, `/error/${key}`),
    ]),
  ),
}

/** The texts and labels of some HTML, but for ids of the log. */
function shownIn(html: string): string {
  const labels = [
    ...html.matchAll(/ (?:aria-label|title|placeholder|alt|data-copy|lang)="([^"]*)"/g),
  ]
  const texts = html
    .replace(/<small>\([\w/ -]+\)<\/small>/g, '')
    .replace(/<(?:[^>"]|"[^"]*")*>/g, '\n')
  return [texts, ...labels.map(([, label]) => label)].join('\n')
}

describe('the table of texts', () => {
  test('has no key that is shown nowhere, and no page shows a text from elsewhere', async () => {
    const all: string[] = []
    for (const [name, show] of Object.entries(PAGES)) {
      const html = await show(appWith(MARKED))
      all.push(html)
      expect(html, name).not.toContain('<i>')
      const rest = shownIn(html).replace(/\[\w+\]&lt;i&gt;&amp;&quot;/g, '')
      expect(rest.replace(/own|rtl|\{"reason":"\w+"\}/g, ''), name).not.toMatch(/\p{L}/u)
    }
    const unseen = Object.keys(english).filter((key) => !all.join('').includes(`[${key}]`))
    expect(unseen).toEqual(['dir'])
    expect(all[0]).toContain('dir="rtl"')
  })

  test.each([
    ['german', german],
    ['arabic', arabic],
  ])('is whole in %s: no text is left in English', (_, table) => {
    const asText = (text: unknown): unknown =>
      typeof text === 'function' ? text({ message: 'x', path: [] }) : text
    const same = Object.keys(english).filter((key) => {
      const [one, other] = [table, english].map((each) => asText(each[key as keyof Texts]))
      return one === other
    })
    expect(Object.keys(table)).toEqual(Object.keys(english))
    expect(same).toEqual(table === german ? ['dir', 'issue'] : ['issue'])
  })
})

describe('the option texts', () => {
  test('replaces a part, and the rest is English', async () => {
    const html = await get(appWith({ send: 'Ask <now>', retry: 'Again' }), '/')
    expect(html).toContain('<span class="unseen">Ask &lt;now&gt;</span>')
    expect(html).toMatch(/>Again<[^]*>Copy<[^]*>Stop</)
    expect(html).toContain('<html lang="en" dir="ltr">')
  })

  test('chooses by the request, from the first refusal to the last frame', async () => {
    const setup = appWith((c) => ({ de: german, ar: arabic })[c.req.header('accept-language')!])
    const inLanguage = (language: string, path: string) =>
      get(setup, path, { ...BROWSER, 'accept-language': language })
    expect(await inLanguage('de', '/')).toContain(german.placeholder)
    expect(await inLanguage('ar', '/')).toContain('<html lang="ar" dir="rtl">')
    expect(await inLanguage('fr', '/')).toContain(english.placeholder)
    expect(await inLanguage('ar', '/nowhere')).toMatch(
      /<html lang="ar" dir="rtl">.*<title>غير موجود<\/title>/,
    )
    expect(await inLanguage('de', '/nowhere')).toContain('<html lang="de"><head>')
    const frames = await framesOf(setup, '/answer/silent', () => clock.advance(MINUTE), {
      'accept-language': 'de',
    })
    expect(frames).toContain(`>${german.stop}<`)
    expect(frames).toContain(german.answerTimeout)
    expect(frames).toContain(`>${german.retry}<`)
  })

  test('hands numbers and names to the texts that are functions', async () => {
    const setup = appWith({
      busy: (seconds) => `In ${seconds} s.`,
      tooMany: (seconds) => `Wait ${seconds} s.`,
      methodNotAllowed: (method) => `No <${method}>.`,
    })
    expect(await get(setup, '/error/busy')).toContain('In 7 s.')
    expect(await get(setup, '/error/tooMany')).toContain('Wait 7 s.')
    expect(await PAGES['a method without an answer']!(setup)).toContain('No &lt;PUT&gt;.')
  })

  test('names a key that it does not know, and the one that was meant', () => {
    expect(() => appWith({ sent: 'Ask' } as never)).toThrow(
      /no text "sent" .*did you mean "send"\?/,
    )
  })

  test('costs no answer when its function fails: the log says why, and the texts are English', async () => {
    const setup = appWith(() => {
      throw new Error('no such table')
    })
    expect(await get(setup, '/')).toContain(english.placeholder)
    expect(await get(setup, '/nowhere')).toContain(english.notFound)
    const messages = setup.log.lines.map(({ level, message }) => [level, message])
    expect(messages).toContainEqual(['error', expect.stringContaining('no such table')])
  })

  test.each<[string, string, unknown]>([
    ['a string', 'is a string', () => 'de'],
    ['a list', 'is an Array', () => []],
    ['a promise', 'is a Promise', async () => german],
    ['a promise that rejects', 'is a Promise', () => Promise.reject(new Error('late'))],
    ['a number among them', 'text "stop" is a number', () => ({ stop: 7 })],
  ])('costs no answer when its function returns %s', async (_, why, texts) => {
    const setup = appWith(texts as Choice)
    expect(await get(setup, '/')).toContain(english.placeholder)
    const messages = setup.log.lines.map(({ level, message }) => [level, message])
    expect(messages).toContainEqual(['error', expect.stringContaining(why)])
  })

  test.each<[string, unknown]>([
    ['throws', () => JSON.parse('not JSON')],
    ['returns a promise', async () => Promise.reject(new Error('late'))],
    ['returns nothing', () => {}],
    ['returns a number', () => 7],
  ])('shows an English text where a function in its table %s', async (_, own) => {
    const keys = ['busy', 'tooMany', 'methodNotAllowed', 'issue', 'crossSite'] as const
    const setup = appWith(Object.fromEntries(keys.map((key) => [key, own])))
    expect(await get(setup, '/error/busy')).toContain(english.busy)
    expect(await get(setup, '/error/tooMany')).toContain(english.tooMany)
    expect(await PAGES['a method without an answer']!(setup)).toContain('does not answer to PUT')
    expect(await PAGES['a form with an issue']!(setup)).toBe('<form>Missing.</form>')
    const messages = setup.log.lines.map(({ message }) => message)
    expect(messages).toContainEqual(expect.stringContaining('so it is English'))
  })

  test.each<[RegExp, unknown]>([
    [/texts is a string\. Give a table such as german, or a function/, 'de'],
    [/texts is an Array/, [german]],
    [/texts is a Promise/, Promise.resolve(german)],
    [/text "stop" is a function\. Give a string/, { stop: () => 'Halt' }],
    [/text "send" is a number\. Give a string/, { send: 7 }],
    [/text "issue" is a string\. Give a function of its value/, { issue: 'Wrong.' }],
  ])('says at the start what is wrong: %s', (message, texts) => {
    expect(() => appWith(texts as Choice)).toThrow(message)
  })

  test('takes null for nothing', async () => {
    expect(await get(appWith(null as never), '/')).toContain(english.placeholder)
    expect(await get(appWith({ send: null } as never), '/')).toContain(english.send)
  })

  test('gives an issue of a form the words of the app', async () => {
    const issue: Texts['issue'] = ({ message, path }) => `${String(path![0])}: ${message}!`
    expect(await PAGES['a form with an issue']!(appWith({ issue }))).toBe(
      '<form>text: Missing.!</form>',
    )
  })

  test('shows the id under which the log has a refusal, once', async () => {
    const setup = appWith(german)
    const [, id] = /limit\/streams (\w{8})/.exec(await get(setup, '/error/busy'))!
    const lines = setup.log.lines.filter(({ level }) => level === 'error')
    expect(lines.map(({ fields }) => fields['id'])).toEqual([id])
  })

  test('leaves the cause to the log and to developers', async () => {
    const fails = (setup: Setup) => PAGES['an answer that fails']!(setup)
    const setup = appWith(german)
    const html = await fails(setup)
    expect(html).toContain(german.failed)
    const [, id] = /source\/failed (\w{8})/.exec(html)!
    const line = setup.log.lines.find(({ fields }) => fields['id'] === id)!
    expect(line.message).toContain('SECRET')
    expect(await fails(appWith(german, { expose: true }))).toContain('SECRET')
  })

  test('shows developers a cause that reads like the text for people as it is', async () => {
    const fails = async function* () {
      yield new Fragment('a.html', 'b')
      throw new Error(english.failed)
    }
    const notice = async (expose: boolean): Promise<string> => {
      const app = new Hono()
      const own = { 'a.html': '{% block b %}<p>Hi</p>{% endblock %}' }
      app.use(swapstream({ templates: own, texts: german, expose, log: recordingLog() }))
      app.get('/', () => new EventStream(fails))
      const headers = { accept: 'text/event-stream' }
      return (await app.request('/', { headers })).text()
    }
    expect(await notice(true)).toContain(english.failed)
    expect(await notice(false)).toContain(german.failed)
  })

  test('shows each client of a run its own language, and renders once for all of the same', async () => {
    let renders = 0
    const counting = {
      ...templates,
      'answer.html': `${templates['answer.html'].replace('{{ text }}', '{{ count() }}{{ text }}')}`,
    }
    const count = (): string => {
      renders += 1
      return ''
    }
    const texts = (c: { req: { header(name: string): string | undefined } }) =>
      c.req.header('accept-language') === 'de' ? german : english
    const setup = appWith(texts, { templates: counting, globals: { count } })
    const open = (language: string) =>
      openStream(setup.app, '/run/silent', { headers: { 'accept-language': language } })
    const streams = [await open('de'), await open('de'), await open('en')]
    const first = []
    for (const stream of streams) {
      const read = stream.until(({ data }) => data.includes('own'))
      await clock.advance(100)
      first.push((await read).map(({ data }) => data).join(''))
    }
    expect(first.map((html) => /<button>(.*?)<\/button>/.exec(html)?.[1])).toEqual([
      german.stop,
      german.stop,
      english.stop,
    ])
    expect(renders).toBe(2)
    for (const stream of streams) await stream.disconnect()
  })

  test('shows a stored failure in the language of the client that comes later', async () => {
    const texts = (c: { req: { header(name: string): string | undefined } }) =>
      c.req.header('accept-language') === 'de' ? german : english
    const setup = appWith(texts)
    await framesOf(setup, '/run/failing', () => clock.advance(100))
    const { path } = (await setup.runs.current({ owner: 'ada', key: 'failing' }))!
    const later = await framesOf(setup, path, () => {}, { 'accept-language': 'de' })
    expect(later).toContain(german.failed)
    expect(later).not.toContain(english.failed)
  })
})

describe('the labels of the kit', () => {
  const button = (label: string, done: string): RegExp =>
    new RegExp(`data-copy="${done}"[^>]*>${label}<`)
  const ask = (template: Record<string, string>, options: Partial<Options> = {}) => {
    const app = new Hono()
    app.use(swapstream({ templates: template, texts: german, ...options }))
    app.get('/', () => new Page('page.html'))
    return Promise.resolve(app.request('/')).then((response) => response.text())
  }
  const copy = '{% import "swapstream/chat.html" as chat %}{{ chat.copy() }}'

  test.each([
    ['an import', { 'page.html': copy }],
    ['an include', { 'page.html': '{% include "part.html" %}', 'part.html': copy }],
    [
      'a layout',
      {
        'page.html': '{% extends "base.html" %}{% block x %}{{ chat.copy() }}{% endblock %}',
        'base.html': '{% import "swapstream/chat.html" as chat %}{% block x %}{% endblock %}',
      },
    ],
    [
      'a macro of the app',
      {
        'page.html': '{% from "own.html" import own %}{{ own() }}',
        'own.html':
          '{% import "swapstream/chat.html" as chat %}{% macro own() %}{{ chat.copy() }}{% endmacro %}',
      },
    ],
    [
      'a block that another block renders',
      {
        'page.html': '{{ renderBlock("other.html", "part") }}',
        'other.html': `{% import "swapstream/chat.html" as chat %}{% block part %}{{ chat.copy() }}{% endblock %}`,
      },
    ],
    [
      'an async filter before it',
      {
        'page.html': '{{ "x" | slow }}{% import "swapstream/chat.html" as chat %}{{ chat.copy() }}',
      },
    ],
  ])('are those of the request by %s', async (_, template) => {
    const asyncFilters = { slow: async (text: string) => text }
    expect(await ask(template as never, { asyncFilters })).toMatch(
      button(german.copy, german.copied),
    )
  })

  test('give way to the words that a template passes', async () => {
    const html = await ask({
      'page.html':
        '{% import "swapstream/chat.html" as chat %}{{ chat.copy(label="Own", done="Done") }}{{ chat.actions(false, true, retry=1, words={ retry: "Once more" }) }}',
    })
    expect(html).toMatch(button('Own', 'Done'))
    expect(html).toContain('>Once more<')
    expect(html).toContain(`>${german.copy}<`)
  })

  test('are English without the option, and for an engine that is used alone', async () => {
    const engine = nunjucksEngine({ templates: { 'page.html': copy } })
    expect(await engine.render('page.html')).toMatch(button('Copy', 'Copied'))
  })

  test('follow an edit of a template', async () => {
    let edited = (): void => {}
    let text = 'one '
    const source = {
      read: (name: string) =>
        name === 'page.html' ? { text: `${text}{{ swapstreamTexts.copy }}` } : undefined,
      names: () => ['page.html'],
      watch(listen: () => void) {
        edited = listen
        return () => {}
      },
    }
    const engine = nunjucksEngine({ templates: source as never, watch: true })
    const inGerman = engine.withTexts!(german)
    expect(engine.withTexts!(german)).toBe(inGerman)
    expect(await inGerman.render('page.html')).toBe('one Kopieren')
    text = 'two '
    edited()
    expect(await inGerman.render('page.html')).toBe('two Kopieren')
    expect(await engine.render('page.html')).toBe('two Copy')
  })

  test('and of times follow the language', async () => {
    const at = 'set at = now'
    const app = new Hono()
    app.use(
      swapstream({
        templates: { 'page.html': `{% ${at} %}{{ at | timeago }}, {{ at | timeago("fr") }}` },
        texts: german,
      }),
    )
    app.get('/', () => new Page('page.html', { now: Date.now() - 3 * 3_600_000 }))
    expect(await (await app.request('/')).text()).toBe('vor 3 Stunden, il y a 3 heures')
  })
})
