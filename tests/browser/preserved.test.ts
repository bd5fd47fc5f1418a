import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { EventStream, Fragment, swapstream } from 'swapstream'
import type { Updates } from 'swapstream/core'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { HTMX_VERSIONS, htmxPage, openStream, serveHtmx } from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const LONG =
  'A text that is long enough to be compared by its parts, and not to be sent as a whole. '
const INPUT = '<input id="mine" hx-preserve>'

/** Blocks with an element that is preserved: what is typed or played in it stays. */
const PRESERVED: Readonly<Record<string, string>> = {
  'a field before the text': `<article aria-busy="{{ streaming }}">${INPUT}<p>{{ text }}</p></article>`,
  'a field in an element whose tag changes': `<article aria-busy="{{ streaming }}">${INPUT}<p>${LONG}{{ text }} …</p></article>`,
  'a field in the text that grows': `<p class="n{{ n }}">${LONG}{{ text }} ${INPUT} {{ n }}</p>`,
  'a field in a root with an id': `<article id="own" class="n{{ n }}"><p>${LONG}{{ text }}</p>${INPUT}</article>`,
  'a field behind a list': `<ul>{% for r in rows %}<li>{{ r }}</li>{% endfor %}<li>${INPUT}</li></ul><p>{{ text }}</p>`,
  'a field in a cell': `<table><tbody>{% for r in rows %}<tr><td>{{ r }}</td></tr>{% endfor %}<tr><td>${INPUT}</td></tr></tbody></table><p>{{ text }}</p>`,
  'a field that moves': `<article>{% if n > 2 %}<p>{{ n }}</p>${INPUT}{% endif %}<p>{{ text }}</p>{% if n <= 2 %}${INPUT}{% endif %}</article>`,
  'a field beside Markdown': `<article>{{ text | markdown }}<input id="mine" data-hx-preserve="true"></article>`,
  'a video in an element whose tag changes': `<section data-n="{{ n }}"><div><b>{{ n }}</b><video id="mine" hx-preserve></video>${LONG}{{ text }}</div></section>`,
}

/** Blocks in which that element changes: the text goes on. */
const CHANGING: Readonly<Record<string, string>> = {
  'the root': '<article id="mine" hx-preserve><p>{{ text }}</p></article>',
  'a root whose tag changes':
    '<article id="mine" hx-preserve aria-busy="{{ streaming }}"><p>{{ text }}</p></article>',
  'a long one whose tag changes': `<div><p id="mine" hx-preserve aria-busy="{{ streaming }}">${LONG}{{ text }}</p></div>`,
  'the text between others':
    '<article class="n{{ n }}"><b>{{ n }}</b><i>{{ n }}</i><p hx-preserve id="mine">{{ text }}</p></article>',
  'a field with a value':
    '<article><p>{{ text }}</p><input id="mine" hx-preserve value="{{ n }}"></article>',
  'a part that holds a field':
    '<div><p>{{ text }}</p><div id="mine" hx-preserve>{{ n }} of {{ n }}<input></div></div>',
  Markdown: '<article><div id="mine" data-hx-preserve>{{ text | markdown }}</div></article>',
  'an element of SVG':
    '<p>{{ text }}</p><svg><g id="mine" hx-preserve>{% for r in rows %}<rect x="{{ loop.index }}"/>{% endfor %}</g><rect width="{{ n }}"/></svg>',
}

/** As `swapstream/head.html` has them. */
const SETTINGS = `<meta name="htmx-config" content='{"morphIgnore":["data-htmx-powered","open"],"morphSkipChildren":"[hx-morph-skip-children],:has(>swap-end)"}'>`

describe.each(HTMX_VERSIONS.filter((each) => each !== '2.0.10'))(
  'an element with hx-preserve, in htmx %s',
  (version) => {
    const listen = useServer()
    const browser = useBrowser()

    /** A page that streams a block in four states; the last two come when the test says so. */
    async function setUp(block: string, updates: Updates, target?: string) {
      let more = (): void => {}
      const wanted = new Promise<void>((resolve) => (more = resolve))
      const words = ['one', 'two', 'three', 'four']
      async function* states(): AsyncGenerator<Fragment> {
        for (const [n] of words.entries()) {
          if (n === 2) await wanted
          const rows = words.slice(0, n + 1)
          const final = rows.length === words.length
          const context = { n: n + 1, rows, text: rows.join(' '), streaming: !final }
          yield new Fragment('x.html', 'b', context, {
            final,
            ...(target !== undefined && { target }),
          })
        }
      }
      const app = new Hono()
      serveHtmx(app)
      app.get('/', (c) => c.html(htmxPage(version, `<main id="answer"></main>`, SETTINGS)))
      const templates = { 'x.html': `{% block b %}${block}{% endblock %}` }
      app.use(swapstream({ templates, frameMs: 0, updates, log: recordingLog() }))
      app.all('/stream', () => new EventStream(states, { backpressure: 'pause' }))
      const tab = await browser.open(await listen(app))
      await openStream(tab, version, '/stream')
      const shows = (text: string): Promise<void> =>
        eventually(async () => expect(await tab.locator('#answer').textContent()).toContain(text))
      await shows('one two')
      await tab.evaluate(() => {
        const mine = document.querySelector('#mine')
        const field = document.querySelector<HTMLInputElement>('input')
        if (field) field.value = 'typed'
        field?.focus()
        Object.assign(window, { mine })
      })
      return { tab, shows, more: () => more() }
    }

    test.each(Object.entries(PRESERVED))('stays as it is: %s', async (_, block) => {
      const { tab, shows, more } = await setUp(block, 'diff')
      more()
      await shows('one two three four')
      await eventually(async () => expect(await tab.locator('template').count()).toBe(0))
      const after = await tab.evaluate(() => {
        const all = document.querySelectorAll<HTMLInputElement>('#mine')
        const mine = all[0]
        const isSame = mine === (window as unknown as { mine: Element }).mine
        return [all.length, isSame, mine?.value, mine === document.activeElement]
      })
      const isField = block.includes('<input')
      expect(after).toEqual([1, true, isField ? 'typed' : undefined, isField])
    })

    test.each(
      Object.entries(CHANGING).flatMap(([name, block]) =>
        (['diff', 'full'] as const).map((updates) => [name, updates, block] as const),
      ),
    )('changes with the answer: %s, by %s', async (_, updates, block) => {
      const { tab, shows, more } = await setUp(block, updates)
      more()
      await shows('one two three four')
      await eventually(async () => expect(await tab.locator('template').count()).toBe(0))
      const text = await tab.locator('#answer').textContent()
      expect(text!.split('one two three four')).toHaveLength(2)
      expect(await tab.locator('#mine').count()).toBe(1)
      if (block.includes('value='))
        expect(await tab.locator('#mine').getAttribute('value')).toBe('4')
      if (block.includes(' of ')) expect(text).toContain('4 of 4')
      if (block.includes('<rect')) expect(await tab.locator('#mine rect').count()).toBe(4)
    })

    test.each(['diff', 'full'] as const)(
      'stays in a target of the page, by %s',
      async (updates) => {
        const block = `<p>{{ text }}</p>${INPUT}<b>{{ n }}</b>`
        const { tab, shows, more } = await setUp(block, updates, '#answer')
        more()
        await shows('one two three four')
        await eventually(async () => expect(await tab.locator('#answer b').textContent()).toBe('4'))
        expect(await tab.locator('#mine').inputValue()).toBe('typed')
      },
    )
  },
)
