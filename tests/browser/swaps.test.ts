import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { EventStream, Fragment, Page, streamToFragments, swapstream } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { useBrowser } from '../support/browser.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const TOKENS = ['Hel', 'lo ', '<b>', 'you</b>', '\n', ' & ', 'all ', '😀']
const TEXT = TOKENS.join('')

/** Blocks of every shape that a template author may write. */
const BLOCKS: Record<string, string> = {
  'one root': '<article class="a"><p>{{ text }}</p></article>',
  'one root with blanks around': '\n  <p class="a">{{ text }}</p>\n',
  'a root with its own id': '<article id="own"><p>{{ text }}</p></article>',
  'a root whose tag changes': '<p aria-busy="{{ streaming }}">{{ text }}</p>',
  'several roots': '<p>{{ text }}</p><p>{{ text | length }}</p>',
  'roots that become more':
    '<p>{{ text }}</p>{% if not streaming %}<footer>done</footer>{% endif %}',
  'text only': '{{ text }}',
  'a root with an odd id': '<p id="a:b">{{ text }}</p>',
  'nothing at first': '{% if text | length > 5 %}<p>{{ text }}</p>{% endif %}',
  'a list item': '<li value="3">{{ text }}</li>',
  'an option': '<select><option>{{ text }}</option></select>',
  Markdown: '<article aria-busy="{{ streaming }}"><div>{{ text | markdown }}</div></article>',
}

const shapes = Object.values(BLOCKS).map(
  (block, n) => `
<form id="form${n}" hx-post="/answer/${n}" hx-target="#answer${n}" hx-swap="{{ swap }}"><button>Ask</button></form>
<section id="here${n}"><div id="answer${n}">{% block block${n} %}{% if fails %}{{ fails() }}{% endif %}{% if text is defined %}${block}{% endif %}{% endblock %}</div></section>`,
)

/** Rows need a table around them, and innerHTML is the only swap that puts a row into a <tbody>. */
const table = `<form id="formrow" hx-post="/answer/row" hx-target="#rows" hx-swap="innerHTML"><button>Ask</button></form>
<table><tbody id="rows">{% block blockrow %}{% if fails %}{{ fails() }}{% endif %}{% if text is defined %}<tr><td>{{ text }}</td></tr>{% endif %}{% endblock %}</tbody></table>`

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>{% include "swapstream/head.html" %}</head>
<body>${shapes.join('')}${table}</body></html>`

/** The third state of a block cannot be drawn. */
async function* broken(fragments: AsyncIterable<Fragment>): AsyncGenerator<Fragment> {
  let at = 0
  for await (const fragment of fragments) {
    at += 1
    const { template, block, context, final } = fragment
    const fails = (): never => {
      throw new Error('It cannot be drawn.')
    }
    yield at === 3 ? new Fragment(template, block, { ...context, fails }, { final }) : fragment
  }
}

describe('a streamed answer', () => {
  const listen = useServer()
  const browser = useBrowser()

  let wholeAnswers = 0
  let brokenAnswers = 0

  function createApp(): Hono {
    const app = new Hono()
    app.use(swapstream({ templates: { 'page.html': page }, frameMs: 0, log: recordingLog() }))
    app.get('/', (c) => new Page('page.html', { swap: c.req.query('swap') }))
    app.post('/answer/:n', (c) => {
      const block = `block${c.req.param('n')}`
      // What the same form gets when the answer is sent whole is the measure for the streamed one.
      if (c.req.query('ask') === 'streamed')
        return new EventStream(() => streamToFragments(TOKENS, 'page.html', block))
      if (c.req.query('ask') === 'broken') {
        brokenAnswers += 1
        return new EventStream(() => broken(streamToFragments(TOKENS, 'page.html', block)))
      }
      wholeAnswers += 1
      return new Page('page.html', { text: TEXT, streaming: false, failed: false }, { block })
    })
    return app
  }

  async function results(
    url: string,
    swap: string,
    ask: 'streamed' | 'whole' | 'broken',
  ): Promise<string[]> {
    const tab = await browser.open(`${url}/?swap=${swap}`)
    return tab.evaluate(async (kind) => {
      const { htmx } = window as unknown as { htmx: { process(element: Element): void } }
      const forms = [...document.querySelectorAll('form')]
      for (const form of forms)
        form.setAttribute('hx-post', `${form.getAttribute('hx-post')}?ask=${kind}`)
      htmx.process(document.body)
      for (const form of forms) {
        await new Promise((resolve) => {
          form.addEventListener('htmx:finally:request', resolve, { once: true })
          form.requestSubmit()
        })
      }
      // The emptied class attribute is htmx's own trace on whatever it swapped.
      return [...document.querySelectorAll('section, tbody')].map((place) =>
        place.innerHTML.replaceAll(' class=""', '').trim(),
      )
    }, ask)
  }

  test.each(['innerHTML', 'beforeend', 'outerHTML'])(
    'ends as one render of the whole, with hx-swap="%s", whatever its shape, also when a state on the way cannot be drawn',
    async (swap) => {
      const url = await listen(createApp())
      const streamed = await results(url, swap, 'streamed')
      wholeAnswers = 0
      const whole = await results(url, swap, 'whole')
      const healed = await results(url, swap, 'broken')
      expect([wholeAnswers, brokenAnswers]).toEqual([13, 13])
      brokenAnswers = 0
      const names = [...Object.keys(BLOCKS), 'a table row']
      for (const [n, name] of names.entries()) {
        expect(whole[n], name).toContain('you')
        expect(streamed[n], name).toBe(whole[n])
        expect(healed[n], name).toBe(whole[n])
      }
      expect(streamed).toHaveLength(names.length)
      await expectNothingLeft(timersRunning)
    },
  )
})
