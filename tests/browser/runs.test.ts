import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  Fragment,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { useBrowser } from '../support/browser.ts'
import { useNetwork } from '../support/cutting-proxy.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { useServer } from '../support/serve-app.ts'

const BLOCKS = {
  text: '<article aria-busy="{{ streaming }}" class="{{ "cut" if failed }}"><p class="words">{{ text }}</p>{% if streaming %}<button hx-post="{{ run }}/stop" hx-swap="none">Stop</button>{% endif %}</article>',
  markdown:
    '<article aria-busy="{{ streaming }}"><div class="words">{{ text | markdown }}</div></article>',
  own: '<article id="own" aria-busy="{{ streaming }}"><p class="words">{{ text }}</p></article>',
  row: '<tr class="words" aria-busy="{{ streaming }}"><td>{{ text }}</td></tr>',
  several:
    '<p class="words">{{ text }}</p><footer aria-busy="{{ streaming }}">{{ text | length }}</footer>',
}

const drawn = Object.entries(BLOCKS)
  .map(
    ([name, block]) =>
      `{% block ${name} %}{% if streaming is defined %}${block}{% endif %}{% endblock %}`,
  )
  .join('')
const page = (
  head: string,
): string => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>${head}</head>
<body>{% from "swapstream/stream.html" import resume %}
<form {% if not nameless %}id="chat"{% endif %} hx-post="/chat/{{ shape }}" hx-target="#answers" hx-swap="{{ swap }}"><input type="hidden" name="q" value="x"><button>Ask</button></form>
{% if shape == "row" %}<table><tbody id="answers"></tbody></table>{% else %}<section id="answers">{% if current %}{{ resume(current) }}{% endif %}${drawn}</section>{% endif %}
<ul id="log"></ul>{% block item %}{% if item %}<li>{{ item }}</li>{% endif %}{% endblock %}</body></html>`
const TEMPLATES = {
  'page.html': page('{% include "swapstream/head.html" %}'),
  'two.html': page('<script src="/two.js"></script>').replace(
    '</title>',
    `</title><link rel="icon" href="data:,"><meta name="htmx-config" content='{"includeIndicatorStyles":false}'>`,
  ),
}
const { resolve } = createRequire(import.meta.url)

/** What a browser says about a connection that was cut. */
const CUT = /net::ERR_|network error|Failed to fetch/
const WORDS = Array.from({ length: 40 }, (_, n) => (n % 9 === 8 ? '\n\n' : `w${n} <b> `))
const WHOLE = WORDS.join('')

describe('an answer that is a run', () => {
  const listen = useServer()
  const between = useNetwork()
  const opened: Runs[] = []
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
    await expectNothingLeft(timersRunning)
  })
  const browser = useBrowser()

  /** An app that counts what is generated, and whose words come when the test says so. */
  async function setUp() {
    const state = { generated: 0, aborted: 0, allowed: 0 }
    let wake = (): void => {}
    const allow = (count: number): void => {
      state.allowed = count
      wake()
    }
    async function* generate(signal: AbortSignal): AsyncGenerator<string> {
      state.generated += 1
      signal.addEventListener('abort', () => {
        state.aborted += 1
        wake()
      })
      for (const [n, word] of WORDS.entries()) {
        while (n >= state.allowed && !signal.aborted)
          await new Promise<void>((done) => (wake = done))
        if (signal.aborted) return
        yield word
        await new Promise((done) => setTimeout(done, 1))
      }
    }
    const made: Runs[] = []
    const fresh = (): Runs => {
      const runs = createRuns()
      opened.push(runs)
      made.push(runs)
      return runs
    }
    let runs = fresh()
    const app = new Hono()
    app.use(swapstream({ templates: TEMPLATES }))
    app.get('/', async (c) => {
      const current = await runs.current({ owner: ownerOf(c), key: 'chat' })
      const {
        shape = 'text',
        swap = 'innerHTML',
        template = 'page.html',
        show,
        nameless,
      } = c.req.query()
      return new Page(template, { shape, swap, current: show && current, nameless })
    })
    app.get('/two.js', (c) => {
      const core = c.req.header('referer')?.includes('v=0') ? 'htmx210' : 'htmx2'
      const text = [`${core}/dist/htmx.min.js`, 'htmx-ext-sse/sse.js']
        .map((file) => readFileSync(resolve(file), 'utf8'))
        .join('\n')
      return c.body(text, 200, { 'content-type': 'text/javascript' })
    })
    app.post('/chat/:shape', async (c) => {
      const shape = c.req.param('shape')
      const run = await runs.start(
        ({ signal, run: own }) =>
          shape === 'items'
            ? items(generate(signal))
            : streamToFragments(
                generate(signal),
                'page.html',
                shape === 'placed' ? 'text' : shape,
                {
                  extraContext: { run: own!.path },
                  ...(shape === 'placed' && { target: '#answers' }),
                },
              ),
        { owner: ownerOf(c), key: 'chat' },
      )
      return new EventStream(run)
    })
    // So that another node, which knows no run, can take the place of this one.
    const either: Pick<Runs, 'subscribe' | 'stop'> = {
      subscribe: (...given) => runs.subscribe(...given),
      stop: (...given) => runs.stop(...given),
    }
    app.route('/runs', runRoutes(either as Runs))
    const network = await between(await listen(app))
    return { state, allow, network, runs: () => runs, restart: () => (runs = fresh()) }
  }

  async function* items(tokens: AsyncGenerator<string>): AsyncGenerator<Fragment> {
    let text = ''
    for await (const word of tokens) {
      text += word
      yield new Fragment('page.html', 'text', { text, streaming: true })
      if (word === '\n\n')
        yield new Fragment(
          'page.html',
          'item',
          { item: text.length },
          { target: '#log', swap: 'beforeend' },
        )
    }
    yield new Fragment('page.html', 'text', { text, streaming: false }, { final: true })
  }

  const words = (tab: Tab): Promise<string | null> => tab.locator('.words').textContent()
  const shows = (tab: Tab, n: number): Promise<unknown> =>
    eventually(async () => expect(await words(tab)).toContain(`w${n} `))
  const finished = (tab: Tab): Promise<unknown> => tab.locator('[aria-busy="false"]').waitFor()
  const settled = async (tab: Tab): Promise<string> => {
    await finished(tab)
    const html = (): Promise<string> =>
      tab.evaluate(() => {
        // What htmx marks while it swaps, and the emptied attribute that it leaves behind.
        for (const each of document.querySelectorAll('[class]')) {
          each.classList.remove('htmx-added', 'htmx-settling', 'htmx-swapping')
          if (each.className === '') each.removeAttribute('class')
        }
        return document.querySelector('#answers')!.innerHTML
      })
    await eventually(async () =>
      expect(await html()).not.toMatch(/swap-|\bs\d\w{3}\b|\bs\d\w{3}r\b|<wbr/),
    )
    return (await html()).trim()
  }
  const ask = (tab: Tab): Promise<void> => tab.getByRole('button', { name: 'Ask' }).click()

  test.each([...Object.keys(BLOCKS), 'placed'])(
    'goes on by itself when the network is cut, once or five times, and ends the same: %s',
    async (shape) => {
      const ends: string[] = []
      for (const cuts of [0, 1, 5]) {
        const { state, allow, network } = await setUp()
        const tab = await browser.open(`${network.url}/?shape=${shape}`, {}, CUT)
        allow(2)
        await ask(tab)
        await shows(tab, 1)
        for (let n = 1; n <= cuts; n++) {
          network.cut()
          allow(n * 6)
          await shows(tab, n * 6 - 1 - (n % 3 === 0 ? 1 : 0))
        }
        allow(WORDS.length)
        ends.push(await settled(tab))
        expect(state.generated).toBe(1)
        expect(network.asked.filter((line) => line.startsWith('POST'))).toHaveLength(1)
        const gets = network.asked.filter((line) => line.startsWith('GET /runs/'))
        expect(gets.length).toBeGreaterThanOrEqual(cuts)
      }
      expect(ends[0]).toContain('w39 &lt;b&gt;')
      expect(ends[1]).toBe(ends[0])
      expect(ends[2]).toBe(ends[0])
    },
  )

  test.each(['beforeend', 'outerHTML'])(
    'goes on where the form put it, with hx-swap="%s"',
    async (swap) => {
      const { allow, network, state } = await setUp()
      const tab = await browser.open(`${network.url}/?swap=${swap}`, {}, CUT)
      allow(3)
      await ask(tab)
      await shows(tab, 2)
      network.cut()
      allow(WORDS.length)
      await finished(tab)
      expect(await words(tab)).toBe(WHOLE)
      expect(state.generated).toBe(1)
      await eventually(async () =>
        expect(await tab.locator('body').innerHTML()).not.toMatch(/swap-resume|\bs\d\w{3}\b|<wbr/),
      )
    },
  )

  test('goes on behind a form without an id, once, also when another stream of the page ends', async () => {
    const { allow, network, state } = await setUp()
    const tab = await browser.open(`${network.url}/?nameless=1`, {}, CUT)
    allow(3)
    await ask(tab)
    await shows(tab, 2)
    // Any stream of the page that ends may wake the element while the first connection is still there.
    await tab.evaluate(() =>
      document.body.dispatchEvent(new Event('htmx:sse:close', { bubbles: true })),
    )
    allow(6)
    await shows(tab, 5)
    network.cut()
    allow(WORDS.length)
    await settled(tab)
    expect([await words(tab), state.generated]).toEqual([WHOLE, 1])
  })

  test('adds what it adds once, over any cut', async () => {
    const { allow, network } = await setUp()
    const tab = await browser.open(`${network.url}/?shape=items`, {}, CUT)
    allow(10)
    await ask(tab)
    await tab.locator('#log li').waitFor()
    for (const n of [19, 28]) {
      network.cut()
      allow(n)
      await eventually(async () =>
        expect(await tab.locator('#log li').count()).toBe(Math.floor(n / 9)),
      )
    }
    allow(WORDS.length)
    await settled(tab)
    expect(await tab.locator('#log li').count()).toBe(4)
  })

  test('waits for a network that is down', async () => {
    const { allow, network, state } = await setUp()
    const tab = await browser.open(network.url, {}, CUT)
    allow(3)
    await ask(tab)
    await shows(tab, 2)
    network.down = true
    network.cut()
    allow(WORDS.length)
    await new Promise((done) => setTimeout(done, 1_500))
    expect(await words(tab)).not.toContain('w39')
    network.down = false
    await settled(tab)
    expect([await words(tab), state.generated]).toEqual([WHOLE, 1])
  })

  test('is there again after the page is loaded anew, in the middle and after the end', async () => {
    const { allow, network, state } = await setUp()
    const tab = await browser.open(`${network.url}/?show=1`, {}, CUT)
    allow(5)
    await ask(tab)
    await shows(tab, 4)
    await tab.reload()
    await shows(tab, 4)
    network.cut()
    allow(20)
    await shows(tab, 19)
    allow(WORDS.length)
    await settled(tab)
    expect(await words(tab)).toBe(WHOLE)
    await tab.reload()
    await settled(tab)
    expect([await words(tab), state.generated]).toEqual([WHOLE, 1])
  })

  test('is stopped by a button, also after a cut: the source hears it, and what was written stays', async () => {
    for (const cut of [false, true]) {
      const { allow, network, state } = await setUp()
      const tab = await browser.open(network.url, {}, CUT)
      allow(5)
      await ask(tab)
      await shows(tab, 4)
      if (cut) {
        network.cut()
        allow(6)
        await shows(tab, 5)
      }
      await tab.getByRole('button', { name: 'Stop' }).click()
      await eventually(() => expect(state.aborted).toBe(1))
      const end = await settled(tab)
      expect(end).toContain('w4 &lt;b&gt;')
      expect(end).toMatch(/class="cut"/)
      expect(end).toMatch(/<p class="swapstream-notice" role="status">Stopped\.<\/p>/)
      expect(end).not.toMatch(/alert|<button/)
      expect(state.generated).toBe(1)
    }
  })

  test('is paid for once when two tabs ask for it', async () => {
    const { allow, network, state } = await setUp()
    const tab = await browser.open(network.url, {}, CUT)
    allow(3)
    await ask(tab)
    await shows(tab, 2)
    const other = await tab.context().newPage()
    await other.goto(network.url)
    await ask(other)
    await shows(other, 2)
    network.cut()
    allow(WORDS.length)
    expect(await settled(other)).toBe(await settled(tab))
    expect(state.generated).toBe(1)
  })

  test('goes on when its tab was hidden', async () => {
    const { allow, network, state } = await setUp()
    const tab = await browser.open(network.url, {}, CUT)
    allow(3)
    await ask(tab)
    await shows(tab, 2)
    network.cut()
    allow(6)
    await shows(tab, 5)
    const hide = (hidden: boolean): Promise<void> =>
      tab.evaluate((is) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => is })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await hide(true)
    allow(20)
    await new Promise((done) => setTimeout(done, 200))
    expect(await words(tab)).not.toContain('w19')
    await hide(false)
    await shows(tab, 19)
    allow(WORDS.length)
    await settled(tab)
    expect([await words(tab), state.generated]).toEqual([WHOLE, 1])
  })

  test('says so when the server has lost it, and asks no more', async () => {
    const { allow, network, restart } = await setUp()
    const tab = await browser.open(network.url, {}, CUT)
    allow(3)
    await ask(tab)
    await shows(tab, 2)
    restart()
    network.cut()
    await tab.getByRole('alert').waitFor()
    expect(await tab.getByRole('alert').textContent()).toContain('Please try again')
    expect(await words(tab)).toContain('w2 ')
    const asked = network.asked.length
    await new Promise((done) => setTimeout(done, 1_500))
    expect(network.asked.length).toBe(asked)
    expect(await tab.locator('swap-resume').count()).toBe(0)
  })

  test.each(['2.0.10', '2.0.11'])('is stopped by a button in htmx %s, too', async (version) => {
    const { allow, network, state } = await setUp()
    const url = `${network.url}/?template=two.html&v=${version.at(-1)}`
    const tab = await browser.open(url)
    allow(5)
    await ask(tab)
    await shows(tab, 4)
    await tab.getByRole('button', { name: 'Stop' }).click()
    await eventually(() => expect(state.aborted).toBe(1))
    const end = await settled(tab)
    expect(end).toMatch(/class="cut"[^]*w4 [^]*Stopped\./)
    expect(state.generated).toBe(1)
  })

  test.each([
    ['2.0.11', 'text'],
    ['2.0.11', 'own'],
    ['2.0.11', 'several'],
    ['2.0.10', 'text'],
    ['2.0.10', 'markdown'],
    ['2.0.10', 'own'],
  ])(
    'is handed to a stream beside it for htmx %s, and survives a cut: %s',
    async (version, shape) => {
      const { allow, network, state } = await setUp()
      const url = `${network.url}/?template=two.html&shape=${shape}&v=${version.at(-1)}`
      const tab = await browser.open(url, {}, /net::ERR_|htmx:sseError|\[object Event\]/)
      expect(
        await tab.evaluate(() => (window as unknown as { htmx: { version: string } }).htmx.version),
      ).toBe(version)
      allow(3)
      await ask(tab)
      await shows(tab, 2)
      network.cut()
      allow(20)
      await eventually(async () => expect(await words(tab)).toContain('w19 '))
      allow(WORDS.length)
      const end = await settled(tab)
      expect(end).not.toMatch(/sse-connect/)
      expect(end).toContain('w39 &lt;b&gt;')
      expect(state.generated).toBe(1)
    },
  )
})
