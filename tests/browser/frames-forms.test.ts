import { Hono } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
} from 'swapstream'
import { domText } from '../../src/testing/client/dom-text.ts'
import { browserDom } from '../support/browser-dom.ts'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { HTMX_VERSIONS, htmxPage, serveHtmx, type HtmxVersion } from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const WORDS = Array.from({ length: 40 }, (_, n) => `w${n} `)
const TEXT = WORDS.join('')
const COUNTED = '<p>{{ text }}</p>\n  <small>{{ text.length }}</small>'
const BLOCKS: Readonly<Record<string, string>> = {
  plain: `<article class="answer">\n  ${COUNTED}\n</article>`,
  own: `<article id="own">\n  ${COUNTED}\n</article>`,
  beside: `<h2>{{ text.length }} characters</h2><article class="answer">\n  ${COUNTED}\n</article>`,
  out: `<article class="answer">\n  ${COUNTED}\n</article><b id="count" hx-swap-oob="true">{{ text.length }}</b>`,
  inner: `<article class="answer">\n  ${COUNTED}<b hx-swap-oob="innerHTML:#count">{{ text.length }}</b>\n</article>`,
}
const whole = (block: string): string =>
  BLOCKS[block]!.replaceAll('{{ text }}', TEXT).replaceAll('{{ text.length }}', String(TEXT.length))
const article = (block: string): string => /<article[^]*<\/article>/.exec(whole(block))![0]

/** More than an answer takes, on a machine that does other things, too. */

describe('the whole answer is in the page', () => {
  const listen = useServer()
  const opened: Runs[] = []
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
  })
  const browser = useBrowser()

  async function* words(): AsyncGenerator<string> {
    for (const word of WORDS) {
      yield word
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** A page with these elements, whose form posts to `/ask/<block>` or, for a run, to `/run/<block>`. */
  async function open(version: HtmxVersion, inside: string): Promise<Tab> {
    const runs = createRuns()
    opened.push(runs)
    const app = new Hono()
    serveHtmx(app)
    app.get('/', (c) => c.html(htmxPage(version, `<main>${inside}</main><b id="count"></b>`)))
    app.use(
      swapstream({
        templates: Object.fromEntries(
          Object.entries(BLOCKS).map(([name, block]) => [
            name,
            `{% block b %}${block}{% endblock %}`,
          ]),
        ),
        log: recordingLog(),
        frameMs: 0,
      }),
    )
    app.post('/ask/:block', (c) => {
      const block = c.req.param('block')
      return new EventStream(() => streamToFragments(words(), block, 'b'))
    })
    app.post('/run/:block', async (c) => {
      const block = c.req.param('block')
      const owner = 'the reader'
      return new EventStream(
        await runs.start(() => streamToFragments(words(), block, 'b'), { owner }),
      )
    })
    app.route('/runs', runRoutes(runs, { owner: () => 'the reader' }))
    const tab = await browser.open(await listen(app))
    await tab.getByRole('button', { name: 'Ask' }).click()
    return tab
  }

  test.each([
    ['.answer', 'plain', 'ask'],
    ['#own', 'own', 'ask'],
    ['.answer', 'beside', 'ask'],
    ['.answer', 'plain', 'run'],
    ['#own', 'own', 'run'],
  ])('when its form selects %s of the block "%s", by %s', async (select, block, way) => {
    const form = `<form hx-post="/${way}/${block}" hx-target="#answer" hx-select="${select}"><button>Ask</button></form>`
    const tab = await open('4.0.1', `<div id="answer"></div></main>${form}<main hidden>`)
    await eventually(async () =>
      expect(await browserDom(tab, 'main')).toBe(
        domText(`<div id="answer">${article(block)}</div>`),
      ),
    )
  })

  test.each(['out', 'inner'])('with what a block swaps out of band: %s', async (block) => {
    const form = `<form hx-post="/ask/${block}" hx-target="#answer"><button>Ask</button></form>`
    const tab = await open('4.0.1', `<div id="answer"></div></main>${form}<main hidden>`)
    const left = article(block).replace(/<b .*<\/b>/, '')
    await eventually(async () =>
      expect(await browserDom(tab, 'main')).toBe(domText(`<div id="answer">${left}</div>`)),
    )
    expect(await tab.locator('#count').textContent()).toBe(String(TEXT.length))
  })

  describe.each(HTMX_VERSIONS)('with htmx %s and a run', (version) => {
    test.each(['plain', 'own'])(
      'when its form is its own target, of the block "%s"',
      async (block) => {
        const form = `<form id="ask" hx-post="/run/${block}" hx-target="this" hx-swap="outerHTML"><button>Ask</button></form>`
        const tab = await open(version, form)
        await eventually(async () =>
          expect(await browserDom(tab, 'main')).toBe(domText(whole(block))),
        )
      },
    )

    test.each(['plain', 'own'])(
      'when its form stands inside its target, of the block "%s"',
      async (block) => {
        const form = `<form hx-post="/run/${block}" hx-target="#answer"><button>Ask</button></form>`
        const tab = await open(version, `<div id="answer">${form}</div>`)
        await eventually(async () =>
          expect(await browserDom(tab, 'main')).toBe(
            domText(`<div id="answer">${whole(block)}</div>`),
          ),
        )
      },
    )
  })
})
