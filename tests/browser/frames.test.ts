import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { EventStream, Fragment, nunjucksEngine, streamToFragments, swapstream } from 'swapstream'
import { FramedPage } from '../../src/testing/apply-frames.ts'
import { domText } from '../../src/testing/client/dom-text.ts'
import { BLOCK, BLOCK_CASES, contextsOf, TEMPLATE } from '../support/block-cases.ts'
import { fragmentsOf, streamBlock } from '../support/block-stream.ts'
import { browserDom } from '../support/browser-dom.ts'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import {
  dialectOf,
  HTMX_VERSIONS,
  htmxPage,
  openStream,
  serveHtmx,
  type HtmxVersion,
  type HtmxWindow,
} from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const MAIN = '<div id="answer"></div><b id="count"></b>'
/** A whole section of the text, so that every kind of Markdown is in it. */
const COUNT = 75

/** What the page shows below `<main>` when a block is drawn at once. */
function drawnAtOnce(block: string, version: HtmxVersion): string {
  const destination = { target: '#answer', swap: 'beforeend', htmx: dialectOf(version) }
  // By the way in which htmx 2 parses an answer, some versions of Chromium drop comments.
  const read = dialectOf(version) === 2 ? block.replaceAll(/<!--.*?-->/gs, '') : block
  return new FramedPage(`<main>${MAIN}</main>`, destination).apply(read).dom('main')
}

describe.each(HTMX_VERSIONS)('in a browser with htmx %s', (version) => {
  const listen = useServer()
  const browser = useBrowser()

  function createApp(): Hono {
    const app = new Hono()
    serveHtmx(app)
    app.get('/', (c) => c.html(htmxPage(version, `<main>${MAIN}</main>`)))
    return app
  }

  test('every kind of block is what it is as a whole, after each of its frames and at the end', async () => {
    const tab = await browser.open(await listen(createApp()))
    const faults: string[] = []
    for (const { name, engine } of BLOCK_CASES) {
      const contexts = contextsOf(COUNT).filter((_, n) => n < 6 || n % 8 === 0 || n === COUNT - 1)
      const { frames, end } = await streamBlock(engine, fragmentsOf(contexts, TEMPLATE, BLOCK), {
        htmx: dialectOf(version),
      })
      const states = await tab.evaluate(
        async ({ main, groups, last }) => {
          const page = window as unknown as HtmxWindow
          document.querySelector('main')!.innerHTML = main
          const target = document.querySelector('#answer')
          const doms: string[] = []
          for (const messages of groups) {
            for (const message of messages)
              await page.swapAsExtensionsDo(target, message, 'beforeend')
            doms.push(page.framedDomOf('main'))
          }
          for (const message of last) await page.swapAsExtensionsDo(target, message, 'beforeend')
          return [...doms, page.domOf('main')]
        },
        { main: MAIN, groups: frames, last: end },
      )
      const wholes = await Promise.all(
        contexts.map(async (context) => (await engine.open(TEMPLATE, BLOCK, context)).render()),
      )
      const expected = [...wholes, wholes.at(-1)!].map((block) => drawnAtOnce(block, version))
      const wrong = states.findIndex((state, n) => state !== expected[n])
      if (wrong === -1) continue
      faults.push(`${name}, frame ${wrong + 1}:\n${expected[wrong]}\nbut is\n${states[wrong]}`)
    }
    expect(faults).toEqual([])
  }, 180_000)

  test('every kind of block ends as it is as a whole, over the network', async () => {
    const app = createApp()
    const contexts = contextsOf(COUNT)
    for (const [n, { engine }] of BLOCK_CASES.entries()) {
      const one = new Hono()
      one.use(swapstream({ engine, log: recordingLog() }))
      one.all(
        '/',
        () => new EventStream(() => fragmentsOf(contexts, TEMPLATE, BLOCK), { frameMs: 0 }),
      )
      app.route(`/stream/${n}`, one)
    }
    const tab = await browser.open(await listen(app))
    const faults: string[] = []
    for (const [n, { name, engine, isListed }] of BLOCK_CASES.entries()) {
      // The way over the network is the same for all.
      if (!isListed && n % 4 !== 0) continue
      await tab.evaluate((main) => void (document.querySelector('main')!.innerHTML = main), MAIN)
      await openStream(tab, version, `/stream/${n}`)
      const whole = await (await engine.open(TEMPLATE, BLOCK, contexts.at(-1))).render()
      const expected = drawnAtOnce(whole, version)
      const arrives = async (): Promise<void> =>
        expect(await browserDom(tab, 'main'), name).toBe(expected)
      await eventually(arrives).catch((error: unknown) => faults.push(String(error)))
    }
    expect(faults).toEqual([])
  }, 180_000)

  const SIZED = {
    svg: {
      block:
        '<svg id="ring" viewBox="0 0 100 20" width="100" height="20"><g>{% for r in rows %}<rect x="{{ loop.index }}" width="{{ r.length }}" height="9"/>{% endfor %}</g><circle r="3"/><rect width="{{ rows.length }}" height="2"/></svg>',
      selector: 'svg, svg *',
      namespace: 'http://www.w3.org/2000/svg',
    },
    'svg without an id': {
      block:
        '<figure>\n  <svg viewBox="0 0 100 20" width="100" height="20">\n    <rect width="{{ rows.length }}" height="2"/>\n  </svg>\n</figure>',
      selector: 'svg, svg *',
      namespace: 'http://www.w3.org/2000/svg',
    },
    math: {
      block:
        '<p>It is <math id="sum"><mrow>{% for r in rows %}<mn>{{ loop.index }}</mn><mo>+</mo>{% endfor %}<mi>x</mi></mrow></math>.</p>',
      selector: 'math, math *',
      namespace: 'http://www.w3.org/1998/Math/MathML',
    },
    'rows of a table': {
      block:
        '<table>\n  <tbody>\n{% for r in rows %}    <tr><td>{{ loop.index }}</td><td>{{ r }}</td></tr>\n{% endfor %}  </tbody>\n</table>',
      selector: 'table, table *',
      namespace: 'http://www.w3.org/1999/xhtml',
    },
  } as const

  test.each(Object.entries(SIZED))(
    'each element of a block has its namespace and its size: %s',
    async (_, { block, selector, namespace }) => {
      const engine = nunjucksEngine({
        templates: { [TEMPLATE]: `{% block ${BLOCK} %}${block}{% endblock %}` },
      })
      const states = ['one', 'two', 'three', 'four'].map(
        (_word, n, words) =>
          new Fragment(
            TEMPLATE,
            BLOCK,
            { rows: words.slice(0, n + 1) },
            { final: n + 1 === words.length },
          ),
      )
      const app = createApp()
      app.use(swapstream({ engine, log: recordingLog() }))
      app.all('/stream', () => new EventStream(() => states, { frameMs: 0 }))
      const tab = await browser.open(await listen(app))
      await openStream(tab, version, '/stream')
      const whole = await (await engine.open(TEMPLATE, BLOCK, states.at(-1)!.context)).render()
      await eventually(async () => expect(await browserDom(tab, '#answer')).toBe(domText(whole)))
      const elements = await tab.locator(selector).evaluateAll((all) =>
        all.map((element) => {
          const { width, height } = element.getBoundingClientRect()
          return { name: element.localName, space: element.namespaceURI, seen: width * height > 0 }
        }),
      )
      expect(elements.length).toBeGreaterThan(1)
      expect(elements).toEqual(elements.map(({ name }) => ({ name, space: namespace, seen: true })))
    },
  )

  test('a stream of tokens ends as the whole text', async () => {
    const app = createApp()
    const template = `{% block ${BLOCK} %}<article>\n  <p>{{ text }}</p>\n  <small>{{ text.length }}</small>\n</article>{% endblock %}`
    app.use(swapstream({ templates: { [TEMPLATE]: template }, log: recordingLog() }))
    const tokens = ['Hel', 'lo ', '<b>', '\n', '&am', 'p; ', '😀', ' you']
    app.all(
      '/stream',
      () => new EventStream(() => streamToFragments(tokens, TEMPLATE, BLOCK), { frameMs: 0 }),
    )
    const tab = await browser.open(await listen(app))
    await openStream(tab, version, '/stream')
    const expected = domText(
      '<article>\n  <p>Hello &lt;b>\n&amp;amp; 😀 you</p>\n  <small>22</small>\n</article>',
    )
    await eventually(async () => expect(await browserDom(tab, '#answer')).toBe(expected))
  })
})
