import { Hono } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  FormResult,
  Fragment,
  Page,
  runRoutes,
  swapstream,
  type Runs,
} from 'swapstream'
import { domText } from '../../src/testing/client/dom-text.ts'
import { browserDom } from '../support/browser-dom.ts'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { HTMX_VERSIONS, htmxPage, openStream, serveHtmx } from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const LAST = 5
const ROWS = Array.from({ length: LAST }, (_, n) => `r${n + 1}`)

/** Blocks for a target in an `<svg>` or a `<math>`, whose roots are parts of it. */
const PARTS: Readonly<Record<string, readonly [space: 'svg' | 'math', block: string]>> = {
  'a group that grows': [
    'svg',
    '<g>{% for r in rows %}<circle r="{{ loop.index }}"/>{% endfor %}</g>',
  ],
  'a part with an id': ['svg', '<circle id="c" r="{{ n }}"/>'],
  'several parts, always more': [
    'svg',
    '{% for r in rows %}<rect x="{{ loop.index }}"/>{% endfor %}',
  ],
  'nothing at first': ['svg', '{% if n > 2 %}<g><path d="M0 0h{{ n }}"/></g>{% endif %}'],
  'one that becomes two': [
    'svg',
    '<g><rect x="{{ n }}"/></g>{% if n > 2 %}<use href="#u{{ n }}"/>{% endif %}',
  ],
  'a text': ['svg', '<text x="1">{{ rows | join(" ") }}<tspan>{{ n }}</tspan></text>'],
  'a gradient': [
    'svg',
    '<linearGradient id="lg">{% for r in rows %}<stop offset="{{ loop.index }}"/>{% endfor %}</linearGradient>',
  ],
  'HTML in it': ['svg', '<foreignObject><p>{{ rows | join(" ") }}</p></foreignObject>'],
  'a filter': ['svg', '<filter id="f"><feGaussianBlur stdDeviation="{{ n }}"/></filter>'],
  'a link': ['svg', '<a href="/x"><text>{{ n }}</text></a>'],
  'a title first': ['svg', '<title>{{ n }}</title><rect width="{{ n }}"/>'],
  'a row of math': ['math', '<mrow>{% for r in rows %}<mi>{{ r }}</mi>{% endfor %}</mrow>'],
  'a letter of math': ['math', '<mi>{{ n }}</mi>'],
  'rows of a table of math': [
    'math',
    '{% for r in rows %}<mtr><mtd><mn>{{ r }}</mn></mtd></mtr>{% endfor %}',
  ],
}

/** Blocks that bring something for another place, which a parser would not leave there. */
const APART: Readonly<Record<string, readonly [block: string, place: string, shown: string]>> = {
  'a part of SVG': [
    '<p>{{ n }}</p><circle id="x" hx-swap-oob="true" r="{{ n }}"/>',
    '<svg><circle id="x"/></svg>',
    `<svg><circle id="x" r="${LAST}"/></svg>`,
  ],
  'a part of SVG before the block': [
    '<g id="x" hx-swap-oob="innerHTML"><circle r="{{ n }}"/></g><p>{{ n }}</p>',
    '<svg><g id="x"/></svg>',
    `<svg><g id="x"><circle r="${LAST}"/></g></svg>`,
  ],
  'a part of SVG, by a selector': [
    '<p>{{ n }}</p><g hx-swap-oob="innerHTML:#x"><path d="M0 0h{{ n }}"/></g>',
    '<svg id="x"></svg>',
    `<svg id="x"><path d="M0 0h${LAST}"/></svg>`,
  ],
  'a part of SVG in an element of HTML': [
    '<p>{{ n }}</p><div hx-swap-oob="innerHTML:#x"><circle r="{{ n }}"/></div>',
    '<svg id="x"></svg>',
    `<svg id="x"><circle r="${LAST}"/></svg>`,
  ],
  'a part of MathML': [
    '<p>{{ n }}</p><mi id="x" hx-swap-oob="true">{{ n }}</mi>',
    '<math><mi id="x">0</mi></math>',
    `<math><mi id="x">${LAST}</mi></math>`,
  ],
  'a row in a template': [
    '<p>{{ n }}</p><template><tr id="x" hx-swap-oob="true"><td>{{ n }}</td></tr></template>',
    '<table><tbody><tr id="x"><td>0</td></tr></tbody></table>',
    `<table><tbody><tr id="x"><td>${LAST}</td></tr></tbody></table>`,
  ],
  'a cell in a template': [
    '<template>\n<td id="x" hx-swap-oob="true">{{ n }}</td>\n</template><p>{{ n }}</p>',
    '<table><tbody><tr><td id="x">0</td></tr></tbody></table>',
    `<table><tbody><tr><td id="x">${LAST}</td></tr></tbody></table>`,
  ],
  'an item and an option in a template': [
    '<p>{{ n }}</p><template><li id="x" hx-swap-oob="true">{{ n }}</li><option id="o" hx-swap-oob="true">{{ n }}</option></template>',
    '<ul><li id="x">0</li></ul><select><option id="o">0</option></select>',
    `<ul><li id="x">${LAST}</li></ul><select><option id="o">${LAST}</option></select>`,
  ],
  'rows for the inside of a body': [
    '<template><tbody hx-swap-oob="innerHTML:#x"><tr><td>{{ n }}</td></tr></tbody></template><p>{{ n }}</p>',
    '<table><tbody id="x"></tbody></table>',
    `<table><tbody id="x"><tr><td>${LAST}</td></tr></tbody></table>`,
  ],
}

const whole = (block: string): string =>
  block
    .replace(/{% for r in rows %}(.*){% endfor %}/, (_, one: string) =>
      ROWS.map((row, n) =>
        one.replaceAll('{{ r }}', row).replaceAll('{{ loop.index }}', String(n + 1)),
      ).join(''),
    )
    .replaceAll(/{% (?:if .*?|endif) %}/g, '')
    .replaceAll('{{ rows | join(" ") }}', ROWS.join(' '))
    .replaceAll('{{ n }}', String(LAST))

const inside = (space: string, block: string): string =>
  domText(`<${space} id="answer">${whole(block)}</${space}>`)

const templates = Object.fromEntries(
  Object.entries({
    ...Object.fromEntries(Object.entries(PARTS).map(([name, [, block]]) => [name, block])),
    ...Object.fromEntries(Object.entries(APART).map(([name, [block]]) => [name, block])),
  }).map(([name, block]) => [name, `{% block b %}${block}{% endblock %}`]),
)

async function* states(name: string): AsyncGenerator<Fragment> {
  for (let n = 1; n <= LAST; n++) {
    yield new Fragment(name, 'b', { n, rows: ROWS.slice(0, n) }, { final: n === LAST })
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe.each(HTMX_VERSIONS)('with htmx %s', (version) => {
  const listen = useServer()
  const opened: Runs[] = []
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
  })
  const browser = useBrowser()

  async function open(): Promise<Tab> {
    const runs = createRuns()
    opened.push(runs)
    const app = new Hono()
    serveHtmx(app)
    app.get('/', (c) => c.html(htmxPage(version, '<main></main>')))
    app.use(swapstream({ templates, frameMs: 0, log: recordingLog() }))
    const last = (name: string) => new Fragment(name, 'b', { n: LAST, rows: ROWS })
    app.all('/stream/:name', (c) => new EventStream(() => states(c.req.param('name'))))
    app.all('/failing/:name', (c) => {
      return new EventStream(async function* () {
        yield new Fragment(c.req.param('name'), 'b', { n: LAST, rows: ROWS })
        throw new Error('The model is away.')
      })
    })
    app.post('/run/:name', async (c) => {
      const source = () => states(c.req.param('name'))
      return new EventStream(await runs.start(source, { owner: 'me' }))
    })
    app.post('/page/:name', (c) => {
      const { context } = last(c.req.param('name'))
      return new Page(c.req.param('name'), context, { block: 'b' })
    })
    app.post('/result/:name', (c) => {
      return new FormResult('/', { fragments: [last(c.req.param('name'))] })
    })
    app.route('/runs', runRoutes(runs, { owner: () => 'me' }))
    return browser.open(await listen(app))
  }

  /** Puts HTML into the page, and asks there for an answer: as a form, or as a stream can be opened. */
  async function ask(tab: Tab, main: string, path: string, swap = 'innerHTML'): Promise<void> {
    await tab.evaluate((html) => void (document.querySelector('main')!.innerHTML = html), main)
    const isForm = /^\/(?:page|result|run)/.test(path) && version !== '4.0.1'
    if (!isForm) return openStream(tab, version, path, swap)
    await tab.evaluate(
      ([url, how]) => {
        const form = document.createElement('form')
        form.setAttribute('hx-post', url!)
        form.setAttribute('hx-target', '#answer')
        form.setAttribute('hx-swap', how!)
        document.body.append(form)
        ;(window as unknown as { htmx: { process(element: Element): void } }).htmx.process(form)
        form.requestSubmit()
      },
      [path, swap],
    )
  }

  test.each(['stream', 'run', 'page', 'result'])(
    'parts of SVG and MathML are what they are where they stand: /%s',
    async (way) => {
      const tab = await open()
      const faults: string[] = []
      for (const [name, [space, block]] of Object.entries(PARTS)) {
        await ask(tab, `<${space} id="answer"></${space}>`, `/${way}/${name}`, 'beforeend')
        const arrives = async (): Promise<void> =>
          expect(await browserDom(tab, 'main'), name).toBe(inside(space, block))
        await eventually(arrives).catch((error: unknown) => faults.push(String(error)))
      }
      expect(faults).toEqual([])
    },
    120_000,
  )

  test.each(['afterbegin', 'beforebegin', 'afterend', 'beforeend'])(
    'parts of SVG come where hx-swap="%s" says',
    async (swap) => {
      const tab = await open()
      await ask(tab, '<svg><g id="answer"><line/></g></svg>', '/stream/a part with an id', swap)
      const part = `<circle id="c" r="${LAST}"/>`
      const shown = {
        afterbegin: `<g id="answer">${part}<line/></g>`,
        beforebegin: `${part}<g id="answer"><line/></g>`,
        afterend: `<g id="answer"><line/></g>${part}`,
        beforeend: `<g id="answer"><line/>${part}</g>`,
      }[swap]!
      await eventually(async () =>
        expect(await browserDom(tab, 'main')).toBe(domText(`<svg>${shown}</svg>`)),
      )
    },
  )

  // htmx 2 has no such swaps for a stream.
  test.each(version === '4.0.1' ? ['outerHTML', 'innerHTML', 'outerMorph', 'innerMorph'] : [])(
    'parts of SVG take the place that hx-swap="%s" says',
    async (swap) => {
      const tab = await open()
      await ask(tab, '<svg><g id="answer"><line/></g></svg>', '/stream/a group that grows', swap)
      const group = whole(PARTS['a group that grows']![1])
      const shown = swap.startsWith('outer') ? group : `<g id="answer">${group}</g>`
      await eventually(async () =>
        expect(await browserDom(tab, 'main')).toBe(domText(`<svg>${shown}</svg>`)),
      )
    },
  )

  test('a notice below parts of SVG stands behind the drawing, where it is seen', async () => {
    const tab = await open()
    await ask(tab, '<svg id="answer"></svg>', '/failing/a group that grows', 'beforeend')
    await eventually(async () =>
      expect(await tab.locator('main > svg + .swapstream-error').count()).toBe(1),
    )
    expect(await browserDom(tab, 'svg')).toBe(
      domText(`<svg>${whole(PARTS['a group that grows']![1])}</svg>`)
        .replace(/^.*\n/, '')
        .replaceAll(/^ {2}/gm, ''),
    )
  })

  test.each(['stream', 'run', 'page', 'result'])(
    'what a block sends to another place gets there, whatever that is: /%s',
    async (way) => {
      const tab = await open()
      const faults: string[] = []
      for (const [name, [, place, shown]] of Object.entries(APART)) {
        await ask(tab, `<div id="answer"></div>${place}`, `/${way}/${name}`, 'beforeend')
        const expected = domText(`<div id="answer"><p>${LAST}</p></div>${shown}`)
        const arrives = async (): Promise<void> =>
          expect((await browserDom(tab, 'main')).replaceAll(/^\s*"\\n+"\n?/gm, ''), name).toBe(
            expected,
          )
        await eventually(arrives).catch((error: unknown) => faults.push(String(error)))
      }
      expect(faults).toEqual([])
    },
    120_000,
  )
})
