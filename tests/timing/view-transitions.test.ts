import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { EventStream, streamToFragments, swapstream } from 'swapstream'
import { useBrowser } from '../support/browser.ts'
import { HTMX_VERSIONS, htmxPage, openStream, serveHtmx } from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

describe.each(HTMX_VERSIONS)('a page with view transitions, with htmx %s', (version) => {
  const listen = useServer()
  const browser = useBrowser()

  test('has the whole answer within a second of its end', async () => {
    let endedAt = 0
    async function* tokens(): AsyncGenerator<string> {
      for (let n = 1; n <= 40; n++) {
        yield `w${n} `
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      endedAt = Date.now()
    }
    const app = new Hono()
    serveHtmx(app)
    const block =
      '<article aria-busy="{{ streaming }}">\n  <p>{{ text }}</p>\n  <small>{{ text.length }}</small>\n</article>'
    app.use(
      swapstream({
        templates: { 'x.html': `{% block b %}${block}{% endblock %}` },
        csp: false,
        log: recordingLog(),
      }),
    )
    const head = `<meta name="htmx-config" content='{"transitions":true}'>`
    app.get('/', (c) => c.html(htmxPage(version, '<main><div id="answer"></div></main>', head)))
    app.all('/stream', () => new EventStream(() => streamToFragments(tokens(), 'x.html', 'b')))
    const tab = await browser.open(await listen(app), { reducedMotion: 'no-preference' })
    const seenAt = tab.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new MutationObserver((_, observer) => {
            const article = document.querySelector('article[aria-busy="false"]')
            if (!article?.textContent.includes('w40 ')) return
            observer.disconnect()
            resolve(Date.now())
          }).observe(document.body, {
            childList: true,
            subtree: true,
            characterData: true,
            attributes: true,
          })
        }),
    )
    await openStream(tab, version, '/stream')
    expect((await seenAt) - endedAt).toBeLessThan(1_000)
  })
})
