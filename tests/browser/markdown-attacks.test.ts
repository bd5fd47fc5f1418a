import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { EventStream, Page, swapstream } from 'swapstream'
import { ServerSentEvent } from '../../src/sse/server-sent-event.ts'
import { markdown } from 'swapstream/markdown'
import { useBrowser } from '../support/browser.ts'
import { useServer } from '../support/serve-app.ts'
import { ATTACKS, CUTS } from '../markdown/markdown-attacks.ts'

const { resolve } = createRequire(import.meta.url)
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  'htmx 4': [resolve('htmx.org/dist/htmx.js'), resolve('htmx.org/dist/ext/hx-sse.js')],
  'htmx 2': [resolve('htmx2/dist/htmx.js')],
}

/** Every state that a page would show of an attack, in whatever pieces it comes. */
function framesOf(attacks: readonly string[]): string[] {
  const md = markdown()
  const frames = new Set<string>()
  for (const text of attacks) {
    frames.add(md.render(text))
    for (const pieces of Object.values(CUTS)) {
      const toHtml = md.open()
      let so = ''
      for (const piece of pieces(text)) frames.add(toHtml((so += piece)))
    }
  }
  return [...frames]
}

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The page</title>
<link rel="icon" href="data:,">{% for n in scripts %}<script src="/script/{{ version }}/{{ n }}"></script>{% endfor %}</head>
<body><form id="form" hx-post="/frames" hx-swap="none"><button>Ask</button></form><p id="status">as it was</p>
<section><div id="answer"></div></section><p id="after">as it was</p></body></html>`

const HARMFUL =
  '<img src="/attacked" onerror="window.attacked=1"><p hx-get="/attacked" hx-trigger="load"></p>'

describe.each(Object.keys(SCRIPTS))('without a content security policy, under %s', (version) => {
  const listen = useServer()
  const browser = useBrowser()
  const index = Object.keys(SCRIPTS).indexOf(version)

  function createApp(frames: readonly string[]): Hono {
    const app = new Hono()
    app.use(swapstream({ templates: { 'page.html': page }, csp: false }))
    const scripts = SCRIPTS[version]!
    app.get('/', () => new Page('page.html', { version: index, scripts: scripts.map((_, n) => n) }))
    app.get('/script/:version/:n', (c) =>
      c.body(readFileSync(scripts[Number(c.req.param('n'))]!, 'utf8'), 200, {
        'content-type': 'text/javascript',
      }),
    )
    app.get('/attacked', (c) => c.text(''))
    app.post('/frames', () => {
      return new EventStream(async function* () {
        for (const html of frames) {
          yield new ServerSentEvent({ data: `<div hx-swap-oob="innerHTML:#answer">${html}</div>` })
        }
      })
    })
    return app
  }

  /** Shows all frames in turn, and touches whatever they hold. */
  async function show(tab: Tab, frames: readonly string[]): Promise<number> {
    await tab.evaluate(() => {
      const answer = document.querySelector('#answer')!
      Object.assign(window, { seen: 0 })
      new MutationObserver(() => {
        ;(window as unknown as { seen: number }).seen += 1
        for (const element of answer.querySelectorAll('*')) {
          for (const event of ['mouseover', 'focus', 'toggle', 'load'])
            element.dispatchEvent(new Event(event, { bubbles: true }))
        }
      }).observe(answer, { childList: true })
    })
    if (version === 'htmx 4') {
      await tab.evaluate(async () => {
        const form = document.querySelector('form')!
        await new Promise((done) => {
          form.addEventListener('htmx:finally:request', done, { once: true })
          form.requestSubmit()
        })
      })
    } else {
      await tab.evaluate((all) => {
        const { htmx } = window as unknown as {
          htmx: { swap(target: string, html: string, how: object): void }
        }
        for (const html of all) htmx.swap('#answer', html, { swapStyle: 'innerHTML' })
      }, frames as string[])
    }
    // Images that fail, and triggers that load, do so a moment later.
    await tab.waitForTimeout(200)
    return tab.evaluate(() => (window as unknown as { seen: number }).seen)
  }

  const surroundings = (tab: Tab): Promise<unknown> =>
    tab.evaluate(() => {
      const copy = document.documentElement.cloneNode(true) as Element
      copy.querySelector('#answer')!.replaceChildren()
      for (const each of copy.querySelectorAll('[class=""]')) each.removeAttribute('class')
      return {
        html: copy.outerHTML,
        title: document.title,
        focused: document.activeElement?.tagName,
        place: location.href,
        attacked: (window as unknown as { attacked?: unknown }).attacked,
      }
    })

  test('nothing that a model wrote runs, leaves its element or asks for anything', async () => {
    const frames = framesOf(ATTACKS)
    const tab = await browser.open(await listen(createApp(frames)))
    const before = await surroundings(tab)
    const requests: string[] = []
    tab.on('request', (request) => requests.push(new URL(request.url()).pathname))
    const seen = await show(tab, frames)
    expect(seen).toBeGreaterThan(version === 'htmx 4' ? frames.length * 0.9 : 0)
    expect(await surroundings(tab)).toEqual(before)
    expect(requests).toEqual(version === 'htmx 4' ? ['/frames'] : [])
    expect(await tab.locator('#answer').innerHTML()).not.toBe('')
  })

  test('the same page is harmed by HTML that is let through', async () => {
    const frames = [HARMFUL]
    const tab = await browser.open(await listen(createApp(frames)))
    const requests: string[] = []
    tab.on('request', (request) => requests.push(new URL(request.url()).pathname))
    await show(tab, frames)
    expect(await tab.evaluate(() => (window as unknown as { attacked: unknown }).attacked)).toBe(1)
    expect(requests.filter((path) => path === '/attacked').length).toBe(2)
  })
})
