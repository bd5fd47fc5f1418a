import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { FramedPage } from '../../src/testing/apply-frames.ts'
import { browserDom } from '../support/browser-dom.ts'
import { useBrowser } from '../support/browser.ts'
import { FRAME_CASES } from '../support/frame-cases.ts'
import { dialectOf, htmxPage, serveHtmx, type HtmxWindow } from '../support/htmx-versions.ts'
import { useServer } from '../support/serve-app.ts'

/** How htmx 2 reports a place that is not there. */
const LOST = /htmx:(?:swapError|oobErrorNoTarget)/
const VERSIONS = ['4.0.1', '2.0.11'] as const
type Version = (typeof VERSIONS)[number]

const pageOf = (version: Version, inside: string): string =>
  htmxPage(version, `<main><div id="answer">${inside}</div></main><aside></aside>`)

const SWAPS = ['none', 'innerHTML', 'beforeend', 'outerHTML']
const WAYS: readonly { swap: string; select?: string }[] = [
  ...SWAPS.map((swap) => ({ swap })),
  { swap: 'innerHTML', select: 'p' },
]

describe('the reader of frames', () => {
  const listen = useServer()
  const browser = useBrowser()

  test.each(VERSIONS)(
    'makes of each frame what htmx %s makes of it in a browser',
    async (version) => {
      const htmx = dialectOf(version)
      const app = new Hono()
      serveHtmx(app)
      app.get('/', (c) => c.html(pageOf(version, '')))
      const tab = await browser.open(await listen(app), {}, LOST)
      const ways = htmx === 4 ? WAYS : WAYS.slice(0, -1)
      let refused = 0
      // Each frame comes twice, and the other version's, too: a reader need not be right about its own alone.
      for (const [name, , inside, frame] of FRAME_CASES) {
        for (const way of ways) {
          const destination = { target: '#answer', htmx, ...way }
          const expected = attempt(() =>
            new FramedPage(pageOf(version, inside), destination)
              .apply(frame)
              .apply(frame)
              .dom('main'),
          )
          if (expected === undefined) {
            refused += 1
            continue
          }
          await tab.evaluate(
            async ({ html, text, swap, select }) => {
              const page = window as unknown as HtmxWindow
              document.querySelector('main')!.innerHTML = `<div id="answer">${html}</div>`
              const target = document.querySelector('#answer')
              for (let n = 0; n < 2; n++)
                await Promise.resolve(page.swapAsExtensionsDo(target, text, swap, select)).catch(
                  () => {},
                )
            },
            { html: inside, text: frame, swap: way.swap, select: way.select ?? null },
          )
          const what = `${name}, ${JSON.stringify(way)}`
          expect(await browserDom(tab, 'main'), what).toBe(expected)
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
