import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import puppeteer, { type Browser, type Page as Tab } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  createRuns,
  EventStream,
  htmxHeaders,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
} from 'swapstream'
import { eventually, PATIENCE_MS } from '../support/eventually.ts'
import { forget, openTab } from '../support/forget.ts'
import { htmxPage, serveHtmx, type HtmxVersion } from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const WORDS = Array.from({ length: 100 }, (_, n) => `w${n} `)
const templates = {
  'chat.html':
    '<main><form action="/say" method="post"><button>Ask</button></form>{% block answer %}<article><p>{{ text }}</p></article>{% endblock %}</main>',
}

async function* words(): AsyncGenerator<string> {
  for (const word of WORDS) {
    yield word
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

describe('in Firefox', () => {
  const listen = useServer()
  let browser: Browser
  let problems = 0
  let hostile = ''
  beforeAll(async () => {
    const executablePath = inject('firefox')
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath,
      headless: true,
      timeout: PATIENCE_MS,
    })
  })
  afterEach(() => forget(browser))
  afterAll(() => browser.close())

  /** Opens a page with these elements and presses its button. */
  async function ask(version: HtmxVersion, inside: string, head: string = ''): Promise<Tab> {
    problems = 0
    const app = new Hono()
    serveHtmx(app)
    app.use(secureHeaders())
    app.get('/', (c) => c.html(htmxPage(version, inside, head)))
    app.use(swapstream({ templates, log: recordingLog() }))
    const answer = () => streamToFragments(words(), 'chat.html', 'answer')
    app.post('/say', () => new EventStream(answer))
    const runs = createRuns()
    const owner = 'the reader'
    app.post('/run', async () => new EventStream(await runs.start(answer, { owner })))
    app.route('/runs', runRoutes(runs, { owner: () => owner }))
    app.post('/page', () => new Page('chat.html', { text: 'A page.' }))
    app.post('/again', () => {
      const text = `Problem ${(problems += 1)}.`
      return new Page('chat.html', { text }, { block: 'answer', target: '#a', status: 422 })
    })
    app.post('/there', (c) => c.body(null, 204, htmxHeaders({ location: hostile })))
    app.get('*', (c) => c.html(`<p id="there">${new URL(c.req.url).pathname.length}</p>`))
    const tab = await openTab(browser)
    await tab.goto(await listen(app))
    await tab.click('button')
    return tab
  }

  const shown = (tab: Tab): Promise<string | undefined> =>
    tab.evaluate(() => document.querySelector('article')?.textContent?.trim())

  describe.each(['4.0.1', '2.0.11'] as const)('htmx %s', (version) => {
    test('a form of a page without a referrer is answered', async () => {
      const tab = await ask(
        version,
        '<form hx-post="/page" hx-target="#a"><button>Ask</button></form><div id="a"></div>',
      )
      await eventually(async () => expect(await shown(tab)).toBe('A page.'))
    })

    test('a form with a problem shows each message in the same element', async () => {
      // htmx 2 swaps no answer of status 422 until it is told to.
      const swapsAll = `<meta name="htmx-config" content='{"responseHandling":[{"code":".*","swap":true}]}'>`
      const form = '<form hx-post="/again"><button>Ask</button></form><div id="a"></div>'
      const tab = await ask(version, form, swapsAll)
      await eventually(async () => expect(await shown(tab)).toBe('Problem 1.'))
      await tab.click('button')
      await eventually(async () => expect(await shown(tab)).toBe('Problem 2.'))
      expect(await tab.$$eval('#a > article', (each) => each.length)).toBe(1)
    })

    test.each(['/x,path:javascript:ran=1', '/x,target:#a,swap:innerHTML'])(
      'an address %s is no more than that',
      async (address) => {
        hostile = address
        const tab = await ask(
          version,
          '<form hx-post="/there"><button>Ask</button></form><div id="a"></div>',
        )
        await eventually(async () => expect(await tab.$('#there')).toBeTruthy())
        expect(await tab.$eval('#there', (there) => there.textContent)).toBe(
          String(new URL(address, 'http://localhost').pathname.length),
        )
        expect(await tab.evaluate(() => 'ran' in window)).toBe(false)
        expect(await tab.$('#a')).toBe(null)
      },
    )

    test('a form that its answer replaces shows the whole answer of a run', async () => {
      const tab = await ask(
        version,
        '<form hx-post="/run" hx-target="this" hx-swap="outerHTML"><button>Ask</button></form>',
      )
      await eventually(async () => expect(await shown(tab)).toBe(WORDS.join('').trim()))
    })

    test('a boosted form gets the page', async () => {
      const tab = await ask(
        version,
        `<div ${version === '4.0.1' ? 'hx-boost:inherited' : 'hx-boost'}="true"><form action="/say" method="post"><button>Ask</button></form></div>`,
      )
      await eventually(async () => expect(await shown(tab)).toBe(WORDS.join('').trim()))
      expect(await tab.$$eval('main > form', (forms) => forms.length)).toBe(1)
    })
  })

  test('a plain form of a page without a referrer shows the whole answer', async () => {
    const tab = await ask('4.0.1', '<form action="/say" method="post"><button>Ask</button></form>')
    await eventually(async () => expect(await shown(tab)).toBe(WORDS.join('').trim()))
  })

  test('a page that plays transitions plays none for a frame', async () => {
    const head = `<meta name="htmx-config" content='{"transitions":true}'>`
    const form = '<form hx-post="/say" hx-target="#a"><button>Ask</button></form><div id="a"></div>'
    const played = `<script>let played = 0; const start = document.startViewTransition; if (start) document.startViewTransition = function (...args) { played += 1; return start.apply(document, args) }</script>`
    const tab = await ask('4.0.1', form, head + played)
    await eventually(async () => expect(await shown(tab)).toBe(WORDS.join('').trim()))
    // The first frame enters as any answer does.
    expect(await tab.evaluate('played')).toBeLessThanOrEqual(1)
  })
})
