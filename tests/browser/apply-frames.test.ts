import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { FramedPage } from '../../src/htmx/apply-frames.ts'
import { browserDom } from '../support/browser-dom.ts'
import { useBrowser } from '../support/browser.ts'
import { FRAME_CASES } from '../support/frame-cases.ts'
import { useServer } from '../support/serve-app.ts'

const { resolve } = createRequire(import.meta.url)
const FILES = { 4: 'htmx.org/dist/htmx.js', 2: 'htmx2/dist/htmx.js' } as const

/** A swap that each version does where the event stream extension would do it. */
type Swap = (target: Element | null, text: string, swap: string, select: string | null) => unknown

const AS_EXTENSIONS_DO = {
  4: `(target, text, swap, select) => htmx.swap({ target, text, swap: swap + ' swapEmpty:false', select, sourceElement: document.body })`,
  2: `(target, text, swap) => htmx.swap(target, text, { swapStyle: swap, swapDelay: 0, settleDelay: 0 }, { contextElement: document.body }); htmx.config.defaultSettleDelay = 0`,
} as const

/** How htmx 2 reports a place that is not there. */
const LOST = /htmx:(?:swapError|oobErrorNoTarget)/

const pageOf = (htmx: 4 | 2, inside: string): string =>
  `<!doctype html><html><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,"><script src="/htmx${htmx}.js"></script></head>
<body><main><div id="answer">${inside}</div></main><aside></aside></body></html>`

describe('the reader of frames', () => {
  const browser = useBrowser()
  const listen = useServer()

  function createApp(): Hono {
    const app = new Hono()
    for (const version of [4, 2] as const) {
      app.get(`/htmx${version}.js`, (c) =>
        c.body(
          `${readFileSync(resolve(FILES[version]), 'utf8')};window.swapAsExtensionsDo = ${AS_EXTENSIONS_DO[version]}`,
          200,
          { 'content-type': 'text/javascript' },
        ),
      )
    }
    app.get('/:htmx', (c) => c.html(pageOf(c.req.param('htmx') === '4' ? 4 : 2, '')))
    return app
  }

  test.each([4, 2] as const)(
    'makes of each frame what htmx %i makes of it in a browser',
    async (htmx) => {
      const tab = await browser.open(`${await listen(createApp())}/${htmx}`, {}, LOST)
      const ways = [
        { swap: 'none' },
        { swap: 'innerHTML' },
        { swap: 'beforeend' },
        { swap: 'outerHTML' },
        { swap: 'innerHTML', select: 'p' },
      ]
      // Each frame comes twice, and the other version's, too: a reader need not be right about its own alone.
      let refused = 0
      for (const [name, , inside, frame] of FRAME_CASES) {
        for (const { swap, select } of htmx === 4 ? ways : ways.slice(0, -1)) {
          const framed = new FramedPage(pageOf(htmx, inside), {
            target: '#answer',
            htmx,
            swap,
            ...(select === undefined ? {} : { select }),
          })
          const expected = attempt(() => {
            framed.apply(frame).apply(frame)
            return framed.dom('main')
          })
          const failed = await tab.evaluate(
            async ({ inside: html, frame: text, swap: style, select: chosen }) => {
              const place = document.querySelector('main')!
              place.innerHTML = `<div id="answer">${html}</div>`
              const target = document.querySelector('#answer')
              const { swapAsExtensionsDo } = window as unknown as { swapAsExtensionsDo: Swap }
              try {
                await swapAsExtensionsDo(target, text, style, chosen)
                await swapAsExtensionsDo(target, text, style, chosen)
                return undefined
              } catch (error) {
                return String(error)
              }
            },
            { inside, frame, swap, select: select ?? null },
          )
          const what = `${name}, htmx ${htmx}, ${swap} ${select ?? ''}: ${failed ?? ''}`
          if (expected === undefined) refused += 1
          else expect(await browserDom(tab, 'main'), what).toBe(expected)
        }
      }
      expect(refused).toBeLessThan((FRAME_CASES.length * ways.length) / 4)
    },
  )
})

/** What cannot be read is said by an error, and there is nothing to compare. */
function attempt(look: () => string): string | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
