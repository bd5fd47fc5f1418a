import { Hono } from 'hono'
import puppeteer, { type Browser, type Page as Tab } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  createRuns,
  EventStream,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
} from 'swapstream'
import { createApp as createAsk } from '../../examples/ask/app.ts'
import { createApp as createChat } from '../../examples/chat/app.ts'
import { createConversations } from '../../examples/chat/conversations.ts'
import { eventually, PATIENCE_MS } from '../support/eventually.ts'
import { forget, openTab } from '../support/forget.ts'
import { dialectOf, serveHtmx, type HtmxVersion } from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { sampleCorpus } from '../support/sample-corpus.ts'
import { useServer } from '../support/serve-app.ts'

const QUESTION = 'How do I clean a silver teapot?'
const WORDS = Array.from({ length: 20 }, (_, n) => `w${n}`)
const BEGINNING = 'w0 w1 w2'
const WHOLE = WORDS.join(' ')
const log = recordingLog()

/** A page that a browser stores as it stands comes back without a request; without that, all depends on the cache. */
const BROWSERS = {
  Firefox: () =>
    puppeteer.launch({
      browser: 'firefox',
      executablePath: inject('firefox'),
      timeout: PATIENCE_MS,
    }),
  'Chromium without stored pages': () =>
    puppeteer.launch({
      executablePath: inject('chromium'),
      timeout: PATIENCE_MS,
      args: ['--no-sandbox', '--disable-features=BackForwardCache'],
    }),
}

const TURN =
  '<div class="turn"><b>{{ turn.prompt }}</b> <div class="prose">{{ turn.text }}</div></div>'
const pageOf = (version: HtmxVersion, boost: string, body: string): string =>
  `<!doctype html><html><head><title>t</title><link rel="icon" href="data:,"><meta name="htmx-config" content='{"includeIndicatorStyles":false}'><script src="/htmx/${version}"></script></head><body ${boost}>${body}</body></html>`

/** An app that a user may write: a conversation on one page, with a run for each answer. */
function ownApp(version: HtmxVersion, isBoosted: boolean, runs: Runs, words: Words): Hono {
  const boost = dialectOf(version) === 4 ? 'hx-boost:inherited="true"' : 'hx-boost="true"'
  const page = (body: string): string => pageOf(version, isBoosted ? boost : '', body)
  const form =
    '<form id="composer" action="/say" method="post" hx-post="/say" hx-target="#turns" hx-swap="beforeend"><textarea name="prompt"></textarea><button>Ask</button></form>'
  const templates = {
    'chat.html': page(
      `{% from "swapstream/stream.html" import resume %}<a id="leave" href="/other">Leave</a>${form}<div id="turns">{% for turn in turns %}{% if turn.run %}{% call resume(turn.run, ${dialectOf(version)}) %}${TURN}{% endcall %}{% else %}${TURN}{% endif %}{% endfor %}{% block turn %}{% if prompt %}{% set turn = { prompt: prompt, text: text } %}${TURN}{% endif %}{% endblock %}</div>`,
    ),
    'other.html': page('<p id="other">Another page.</p><a id="return" href="/">Return</a>'),
  }
  const turns: { prompt: unknown; text: string; isRunning: boolean }[] = []
  const key = 'conversation'
  const app = new Hono()
  serveHtmx(app)
  app.use(swapstream({ templates, log }))
  app.get('/', async (c) => {
    const run = await runs.current({ owner: ownerOf(c), key })
    return new Page('chat.html', {
      turns: turns.map((turn) => ({ ...turn, run: turn.isRunning && run })),
    })
  })
  app.get('/other', () => new Page('other.html'))
  app.post('/say', async (c) => {
    const { prompt } = await c.req.parseBody()
    const turn = { prompt, text: '', isRunning: true }
    turns.push(turn)
    async function* stored(): AsyncGenerator<string> {
      for await (const word of words()) {
        turn.text += word
        yield word
      }
    }
    const source = () =>
      streamToFragments(stored(), 'chat.html', 'turn', { extraContext: { prompt } })
    const onEnd = (): void => void (turn.isRunning = false)
    return new EventStream(await runs.start(source, { owner: ownerOf(c), key, onEnd }))
  })
  app.route('/runs', runRoutes(runs))
  return app
}

type Words = () => AsyncGenerator<string>

describe.each(Object.entries(BROWSERS))('%s', (browserName, launch) => {
  const listen = useServer()
  const opened: Runs[] = []
  let browser: Browser
  let asks: Awaited<ReturnType<typeof sampleCorpus>>
  let allowed: number
  let wake: () => void

  beforeAll(async () => {
    browser = await launch()
    asks = await sampleCorpus(200)
  })
  afterEach(async () => {
    allow(WORDS.length)
    for (const runs of opened.splice(0)) await runs.close()
    await forget(browser)
  })
  afterAll(() => browser.close())

  const allow = (count: number): void => {
    allowed = count
    wake?.()
  }
  const words: Words = async function* () {
    for (const [n, word] of WORDS.entries()) {
      // Each call of allow() resolves it.
      if (n >= allowed) await new Promise<void>((done) => (wake = done))
      yield `${word} `
    }
  }
  const newRuns = (): Runs => {
    const runs = createRuns()
    opened.push(runs)
    return runs
  }
  const apps: Record<string, () => Hono<any>> = {
    'examples/chat': () => {
      const model = { name: 'words', suggestions: [], answer: words }
      return createChat(newRuns(), model, createConversations())
    },
    'examples/ask': () => {
      const answerer = { name: 'test:words', model: true, answer: words }
      const corpus = { name: 'kitchen', examples: [] }
      const { index } = asks
      return createAsk({ index, answerer, corpus, runs: newRuns(), swapstream: { log } })
    },
  }
  for (const version of ['4.0.1', '2.0.11'] as const) {
    apps[`htmx ${version}`] = () => ownApp(version, false, newRuns(), words)
    // A boosted page is never unloaded: what a browser stores of one that is makes no difference.
    if (browserName !== 'Firefox')
      apps[`htmx ${version}, boosted`] = () => ownApp(version, true, newRuns(), words)
  }

  /** Opens an app and asks: the page shows so many words of the answer. */
  async function ask(name: string, count: number): Promise<Tab> {
    const app = apps[name]!()
    if (name.startsWith('examples')) {
      app.get('/other', (c) => c.html('<p id="other">Another page.</p><a id="return">Return</a>'))
    }
    allow(count)
    const tab = await openTab(browser)
    await tab.goto(await listen(app))
    await write(tab)
    await tab.evaluate(() => document.querySelector<HTMLFormElement>('#composer')!.requestSubmit())
    await expectShown(tab, WORDS.slice(0, count).join(' '))
    return tab
  }
  /** The page shows one turn, and it is that question with that answer. */
  async function expectShown(tab: Tab, text: string): Promise<void> {
    await eventually(async () => {
      const turns = await tab.$$eval('.turn', (each) =>
        each.map((turn) => turn.querySelector('.prose')!.textContent!.trim()),
      )
      expect(turns).toEqual([text])
      expect(await tab.$eval('.turn', (turn) => turn.textContent)).toContain(QUESTION)
    })
  }
  /** Goes there as a user does: by a link where there is one. */
  async function leave(tab: Tab): Promise<void> {
    await tab.evaluate(() => {
      const link = document.querySelector<HTMLElement>('#leave')
      if (link) link.click()
      else setTimeout(() => location.assign('/other'))
    })
    await eventually(async () => expect(await tab.$('#other')).toBeTruthy())
  }
  /** Puts the question there in one piece: each key by itself takes as long as a page. */
  async function write(tab: Tab): Promise<void> {
    await tab.focus('#composer textarea')
    await tab.evaluate((text) => document.execCommand('insertText', false, text), QUESTION)
  }
  const back = (tab: Tab): Promise<unknown> =>
    tab.evaluate(() => void setTimeout(() => history.back()))

  describe.each(Object.keys(apps))('%s', (name) => {
    test('shows the turn again on Back in the middle of the answer, which goes on', async () => {
      const tab = await ask(name, 3)
      await leave(tab)
      await back(tab)
      await expectShown(tab, BEGINNING)
      allow(WORDS.length)
      await expectShown(tab, WHOLE)
    })

    test('shows the turn again on Back after the answer', async () => {
      const tab = await ask(name, WORDS.length)
      await leave(tab)
      await back(tab)
      await expectShown(tab, WHOLE)
    })
  })

  describe.each(['htmx 4.0.1', 'htmx 2.0.11'])('%s', (name) => {
    test('shows the whole answer on Back when it has ended meanwhile', async () => {
      const tab = await ask(name, 3)
      await leave(tab)
      allow(WORDS.length)
      await back(tab)
      await expectShown(tab, WHOLE)
    })

    test('goes on with the answer when the page is loaded again, and in a second tab', async () => {
      const tab = await ask(name, 3)
      await tab.reload()
      await expectShown(tab, BEGINNING)
      const second = await openTab(tab.browserContext())
      await second.goto(tab.url())
      await expectShown(second, BEGINNING)
      allow(WORDS.length)
      for (const each of [second, tab]) {
        await each.bringToFront()
        await expectShown(each, WHOLE)
      }
    })

    test('shows the answer when a link leads away and another one back', async () => {
      const tab = await ask(name, 3)
      await leave(tab)
      await tab.evaluate(() => document.querySelector<HTMLElement>('#return')!.click())
      await expectShown(tab, BEGINNING)
      allow(WORDS.length)
      await expectShown(tab, WHOLE)
    })
  })

  /** A page without scripts, whose form is answered by a stream, or with a message. */
  function plainApp(answered: string[]): Hono {
    const body = `<a id="leave" href="/other">Leave</a><form id="composer" method="post"><textarea name="prompt">{{ prompt }}</textarea><button>Ask</button></form>{% block turn %}<p>{{ text }}</p>{% endblock %}<p id="problem">{{ problem }}</p>`
    const templates = { 'plain.html': `<!doctype html><html><body>${body}</body></html>` }
    const app = new Hono()
    app.use(swapstream({ templates, log }))
    app.get('/other', (c) => c.html('<p id="other">Another page.</p>'))
    app.get('/:path', () => new Page('plain.html'))
    app.post('/:path', async (c) => {
      const { prompt } = await c.req.parseBody()
      const path = c.req.param('path')
      answered.push(path)
      if (path === 'wrong')
        return new Page('plain.html', { prompt, problem: 'Ask more.' }, { status: 422 })
      const updates = path === 'full' ? 'full' : 'diff'
      const source = () => streamToFragments(words(), 'plain.html', 'turn')
      return new EventStream(source, { pageContext: { prompt }, updates })
    })
    return app
  }

  describe('without scripts', () => {
    test.each([
      ['a page that is streamed', 'streamed', WHOLE],
      ['a page that is sent when it is complete', 'full', WHOLE],
      ['a form that came back with a message', 'wrong', 'Ask more.'],
    ])('shows %s again on Back, and does not send the form again', async (_what, path, text) => {
      const answered: string[] = []
      allow(WORDS.length)
      const tab = await openTab(browser)
      await tab.goto(`${await listen(plainApp(answered))}/${path}`)
      await write(tab)
      await tab.click('#composer button')
      const shown = (): Promise<string> => tab.evaluate(() => document.body.textContent!)
      await eventually(async () => expect(await shown()).toContain(text))
      await leave(tab)
      await back(tab)
      await eventually(async () => expect(await shown()).toContain(text))
      expect(await shown()).toContain(QUESTION)
      expect(answered).toEqual([path])
    })
  })
})
