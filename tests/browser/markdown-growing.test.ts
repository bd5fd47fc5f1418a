import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import hljs from 'highlight.js/lib/common'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { createRuns, EventStream, Page, runRoutes, streamToFragments, swapstream } from 'swapstream'
import { nunjucksEngine } from '../../src/node/swapstream.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import { useBrowser } from '../support/browser.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { useServer } from '../support/serve-app.ts'
import { controlled } from '../runs/support/controlled.ts'

const { resolve } = createRequire(import.meta.url)
const VERSIONS = { 'htmx 4.0.1': 'htmx.org', 'htmx 2.0.11': 'htmx2', 'htmx 2.0.10': 'htmx210' }

const PIECES = [
  '# Hi\n\nSome *wor',
  'ds* and [a li',
  'nk](/x) to ',
  'read & **bo',
  'ld**.\n\n- one\n- tw',
  'o\n  - nested\n',
  '- three `co',
  'de`\n\n  loose\n- four\n\n',
  '| a | b |\n|---|--:|\n',
  '| 1 | 2 |\n| 3 | 4 |\n',
  '| 5 | **6** |\n',
  '7 | 8\n9',
  ' and more\n\n> quo',
  'te\n> - in it\n\n',
  `\`\`\`js\nconst a = '${'long '.repeat(30)}'\n`,
  'const b = "<b>"\n',
  'b.trim()\n',
  '```\n\nTitle\n',
  '===\n\n1. x\n2',
  '. y\n\nThe ',
  'end.',
]
const block =
  '<article aria-busy="{{ streaming }}"><div class="words">{{ text | markdown }}</div></article>'
const page = (
  head: string,
): string => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>${head}
<link rel="stylesheet" href="/pre.css"></head>
<body><form id="chat" hx-post="/chat" hx-target="#here"><input type="hidden" name="q" value="x"><button>Ask</button></form>
<main id="here">{% block answer %}{% if streaming is defined %}${block}{% endif %}{% endblock %}</main></body></html>`
const templates = {
  'four.html': page('{% include "swapstream/head.html" %}'),
  'two.html': page(
    `<link rel="icon" href="data:,"><meta name="htmx-config" content='{"includeIndicatorStyles":false}'><script src="/two.js"></script>`,
  ),
}
const markdown = { highlight: hljs }

describe.each(Object.entries(VERSIONS))('under %s, growing Markdown', (_, core) => {
  const listen = useServer()
  const runs = createRuns()
  afterEach(async () => {
    await runs.close()
    await expectNothingLeft(timersRunning)
  })
  const browser = useBrowser()

  test('is one render of the text so far after each frame, and keeps what its reader has done', async () => {
    const template = core === 'htmx.org' ? 'four.html' : 'two.html'
    const source = controlled<string>()
    const app = new Hono()
    app.use(swapstream({ templates, markdown, frameMs: 0 }))
    app.get('/', () => new Page(template))
    app.get('/pre.css', (c) =>
      c.body('pre { overflow: auto; width: 10em }', 200, { 'content-type': 'text/css' }),
    )
    app.get('/two.js', (c) => {
      const files = [`${core}/dist/htmx.min.js`, 'htmx-ext-sse/sse.js']
      const script = files.map((file) => readFileSync(resolve(file), 'utf8')).join('\n')
      return c.body(script, 200, { 'content-type': 'text/javascript' })
    })
    app.post('/chat', async () => {
      const run = await runs.start(
        (opening) => streamToFragments(source(opening), template, 'answer'),
        { owner: 'me' },
      )
      return new EventStream(run)
    })
    app.route('/runs', runRoutes(runs, { owner: () => 'me' }))

    const tab = await browser.open(await listen(app))
    const engine = nunjucksEngine({ templates, markdown })
    const same = async (text: string, streaming: boolean): Promise<void> => {
      const context = { text, streaming, failed: false }
      const expected = await (await engine.open(template, 'answer', context)).render()
      await eventually(async () => {
        const [shown, wanted] = await tab.evaluate((html) => {
          const bare = (root: ParentNode): string => {
            const words = root.querySelector('.words')!.cloneNode(true) as Element
            for (const each of words.querySelectorAll('.copy')) each.remove()
            // What the page is lent as long as the answer is written.
            for (const each of words.querySelectorAll('swap-text'))
              each.replaceWith(...each.childNodes)
            for (const each of words.querySelectorAll('[hx-morph-skip-children]'))
              each.removeAttribute('hx-morph-skip-children')
            for (const each of words.querySelectorAll('[class]')) {
              each.classList.remove('htmx-added', 'htmx-settling', 'htmx-swapping')
              if (each.className === '') each.removeAttribute('class')
            }
            return words.innerHTML
          }
          const whole = document.createElement('template')
          whole.innerHTML = html
          return [document.querySelector('.words') && bare(document), bare(whole.content)]
        }, expected)
        expect(shown).toBe(wanted)
      })
    }

    await tab.getByRole('button', { name: 'Ask' }).click()
    let text = ''
    for (const [n, piece] of PIECES.entries()) {
      await source.say(piece)
      await same((text += piece), true)
      if (n === 3) {
        await tab.evaluate(() => {
          const texts = document.createTreeWalker(
            document.querySelector('.words p')!,
            NodeFilter.SHOW_TEXT,
          )
          while (!texts.nextNode()!.textContent!.includes('read'));
          const at = texts.currentNode.textContent!.indexOf('read')
          getSelection()!.setBaseAndExtent(texts.currentNode, at, texts.currentNode, at + 4)
        })
      }
      if (n === 14) {
        await tab.evaluate(() => {
          const pre = document.querySelector('pre')!
          pre.scrollLeft = 120
          // A script that helps to copy code.
          for (const place of ['beforeend', 'afterend'] as const)
            pre.insertAdjacentHTML(place, '<button class="copy">Copy</button>')
        })
      }
      // What has changed since then is the end: nothing else was touched, by any version.
      if (n >= 3) expect(await tab.evaluate(() => String(getSelection()))).toBe('read')
      if (n >= 14)
        expect(await tab.evaluate(() => document.querySelector('pre')!.scrollLeft)).toBe(120)
    }
    source.end()
    await tab.locator('article[aria-busy="false"]').waitFor()
    await eventually(async () =>
      expect(await tab.locator('main').innerHTML()).not.toMatch(/swap-|\bs\d\w{3}|<wbr/),
    )
    await same(text, false)
    if (core !== 'htmx.org') return
    expect(await tab.evaluate(() => String(getSelection()))).toBe('read')
    expect(await tab.evaluate(() => document.querySelector('pre')!.scrollLeft)).toBe(120)
  })
})
