import { Hono, type Context } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { Page, swapstream } from 'swapstream'
import { useBrowser } from '../support/browser.ts'
import { useServer } from '../support/serve-app.ts'

/** A page of another design, with class names that the kit has, too. */
const BODY = `<header class="chat"><h1>Acme</h1><nav class="actions"><ul><li><a href="/a">A</a></li></ul></nav></header>
<main class="conversation"><h2 class="lead">Orders <code>x</code> <kbd>K</kbd></h2><p aria-busy="true" class="note">Text <a href="#src-1">link</a></p>
<table class="sources"><caption>All</caption><thead><tr><th>No</th></tr></thead><tbody><tr class="turn"><td class="number end">1</td></tr></tbody></table>
<form class="composer stop"><label for="q">Query</label><input id="q" placeholder="type" aria-invalid="true"><textarea class="text"></textarea><select><option>1</option></select>
<input type="checkbox" class="copy"><input type="radio"><input type="file"><input type="range"><input type="submit"><button class="jump cut">Go</button><button data-copy disabled>No</button><p role="alert">Wrong</p>
<fieldset><legend>One</legend><label><input type="radio"> yes</label></fieldset></form>
<ol class="chips"><li class="source"><button>1</button></li></ol><ul class="message unseen" data-role="user"><li>2</li></ul><dl><dt>t</dt><dd>d</dd></dl>
<article class="answer" aria-busy="true"><div class="prose"><h3>Title</h3><p class="byline">Text</p><pre><code class="hljs-keyword hljs-comment">code</code></pre><table><tr><td>1</td></tr></table><blockquote>q</blockquote><hr></div></article>
<details open class="part"><summary aria-busy="true">More</summary><div>text</div></details><dialog open class="welcome">Hello</dialog><progress value=".5"></progress><img alt="" class="cite"><section tabindex="0" class="turns">s</section></main><footer>End</footer>`
const RESET = `*{margin:0;padding:0;box-sizing:content-box}button{all:unset}ul{list-style:none}:root{--accent:red;--line:1px solid}
a{color:var(--accent)} h1{font:700 20px serif} @media (prefers-color-scheme: dark){body{background:#123;color:#eee}}`
const page = (head: string, style: string, body = BODY, attributes = ''): string =>
  `<!doctype html><html lang="en"${attributes}><head><meta charset="utf-8"><title>t</title><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">${style}${head}</head><body>${body}</body></html>`
const HEAD = '{% include "swapstream/head.html" %}'
const KIT = `{% import "swapstream/chat.html" as chat %}{% from "swapstream/form.html" import field, buttons %}`
const PARTS = `{% call chat.conversation() %}{{ chat.message("Why?") }}<div class="answer"><div class="prose"><p>So.</p></div>{{ chat.actions(false, true, retry=1) }}</div>{{ chat.sources([{ title: "T", url: "/t", snippet: "s" }], 1) }}{{ chat.suggestions(["Why?"]) }}{% call chat.part("Thought", "p") %}Hm.{% endcall %}{% endcall %}{{ chat.composer("/ask") }}
<form>{{ field("mail", "Mail", {}, { mail: "Wrong." }, { hint: "Yours." }) }}{% call buttons() %}<button>Save</button>{% endcall %}</form>`
const own = '<link rel="stylesheet" href="/own.css">'

/** The computed styles of the document and of all that is not the kit's, and of what is before and after it. */
function stylesOf(tab: Tab): Promise<string[]> {
  return tab.evaluate(() => {
    const sized = /^(?:height|block-size|perspective-origin|transform-origin)$/
    const names = [...getComputedStyle(document.documentElement)]
    const foreign = [...document.querySelectorAll('html, body, #own, #own *')]
    return foreign.flatMap((element) =>
      ['', '::before', '::after'].map((pseudo) => {
        const style = getComputedStyle(element, pseudo)
        const name = `${element.tagName}.${element.className}${pseudo}`
        // What is not there has no style of its own.
        if (pseudo !== '' && style.content === 'none') return name
        // The document is longer with a chat in it.
        const kept = names.filter((each) => !sized.test(each) || !element.matches('html, body'))
        const all = kept.map((each) => `${each}: ${style.getPropertyValue(each)}`)
        return `${name}, ${style.length} { ${all.join('; ')} }`
      }),
    )
  })
}

describe('a page of another design', () => {
  const listen = useServer()
  const browser = useBrowser()

  async function serve(templates: Record<string, string>, set = ''): Promise<string> {
    const app = new Hono()
    app.use(swapstream({ templates }))
    const css = (text: string) => (c: Context) => c.body(text, 200, { 'Content-Type': 'text/css' })
    app.get('/own.css', css(RESET))
    app.get('/set.css', css(set))
    for (const name of Object.keys(templates)) app.get(`/${name}`, () => new Page(name))
    return listen(app)
  }

  test('keeps each computed style with head.html, and with a chat in it, in light and dark', async () => {
    const body = `<div id="own">${BODY}</div>`
    const url = await serve({
      bare: page('', '', body),
      'bare-with': page(HEAD, '', body),
      own: page('', own, `${body}<div></div>`),
      parts: KIT + page(HEAD, own, `${body}<div>${PARTS}</div>`),
    })
    const tab = await browser.open(`${url}/bare`)
    const styles = async (name: string): Promise<string[]> => {
      await tab.goto(`${url}/${name}`)
      const all: string[] = []
      for (const colorScheme of ['light', 'dark'] as const) {
        await tab.emulateMedia({ colorScheme })
        all.push(...(await stylesOf(tab)))
      }
      return all
    }
    const bare = await styles('bare')
    expect(bare.length).toBeGreaterThan(300)
    expect(await styles('bare-with')).toEqual(bare)
    expect(await styles('parts')).toEqual(await styles('own'))
  })

  test('has the last word about the kit: its properties, its rules, its color scheme', async () => {
    const set = '<link rel="stylesheet" href="/set.css">'
    const url = await serve(
      { kit: KIT + page(HEAD, set, `<main>${PARTS}</main>`) },
      ':root{--swapstream-accent:rgb(1,2,3);--swapstream-radius:7px;color-scheme:dark}.composer{padding:0 0 0 9px}.field-like,textarea{min-height:99px}',
    )
    const tab = await browser.open(`${url}/kit`)
    const styleOf = (selector: string, name: string): Promise<string> =>
      tab
        .locator(selector)
        .first()
        .evaluate((element, key) => getComputedStyle(element).getPropertyValue(key), name)
    expect(await styleOf('.composer button', 'background-color')).toBe('rgb(1, 2, 3)')
    expect(await styleOf('.source', 'border-radius')).toBe('7px')
    expect(await styleOf('.composer', 'padding')).toBe('0px 0px 0px 9px')
    expect(await styleOf('textarea', 'min-height')).toBe('99px')
    // Light or dark as the page says, whatever the system prefers.
    expect(await styleOf('.source', 'background-color')).toBe('rgb(28, 30, 33)')
  })

  test('keeps bullets, numbers and links of an answer beside a reset in an earlier layer', async () => {
    const set = '<link rel="stylesheet" href="/set.css">'
    const body = `<div data-swapstream><div class="prose"><ul><li>a<ul><li>b</li></ul></li></ul><ol><li>c</li></ol><a href="/x">d</a> <a href="#src-1">1</a></div></div>`
    const url = await serve(
      { reset: page(set + HEAD, '', body) },
      '@layer base { ul, ol { list-style: none } a { color: inherit; text-decoration: inherit } }',
    )
    const tab = await browser.open(`${url}/reset`)
    const valuesOf = (selector: string, name: string): Promise<string[]> =>
      tab
        .locator(selector)
        .evaluateAll(
          (all, key) => all.map((each) => getComputedStyle(each).getPropertyValue(key)),
          name,
        )
    expect(await valuesOf('ul, ol', 'list-style-type')).toEqual(['disc', 'circle', 'decimal'])
    expect(await valuesOf('a', 'text-decoration-line')).toEqual(['underline', 'none'])
  })

  test('runs code from left to right in text that runs from right to left', async () => {
    const words =
      'شغّل `c.json()` ثم:\n\n1. أولا `c.json()`\n\n| س |\n|---|\n| `c.json()` |\n\n> `c.json()`'
    const body = `<div data-swapstream><div class="prose">{{ words | markdown }}</div></div>`
    const set = `{% set words %}${words}{% endset %}`
    const url = await serve({ 'x.html': set + page(HEAD, '', body, ' dir="rtl"') })
    const tab = await browser.open(`${url}/x.html`)
    const order = await tab.locator('code').evaluateAll((codes) =>
      codes.map(({ firstChild: text }) => {
        const left = (at: number): number => {
          const range = document.createRange()
          range.setStart(text!, at)
          range.setEnd(text!, at + 1)
          return range.getBoundingClientRect().left
        }
        return left(0) < left(6) && left(6) < left(7)
      }),
    )
    expect(order).toEqual([true, true, true, true])
  })
})
