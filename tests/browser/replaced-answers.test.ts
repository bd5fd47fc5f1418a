import { Hono } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
} from 'swapstream'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const KIT =
  '<article class="turn">{{ chat.message(prompt) }}<div class="answer" aria-busy="{{ streaming }}"><div class="prose">{{ text | markdown }}</div>{{ chat.actions(streaming, failed) }}</div></article>'
const OWN = '<p class="answer" aria-busy="{{ streaming }}">{{ text }}</p>'

const pageOf = (block: string, form: string): string =>
  `{% import "swapstream/chat.html" as chat %}<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>{% include "swapstream/head.html" %}<link rel="icon" href="data:,"><script src="/swapstream/swapstream.js" defer></script></head>
<body><main id="turns">{% block turn %}{% if prompt %}${block}{% endif %}{% endblock %}</main><p aria-busy="true" id="other"></p>
<section><form hx-post="/ask" hx-target="#turns" hx-swap="beforeend" ${form}><input name="prompt"></form></section></body></html>`

describe('an answer whose connection ends before it', () => {
  const listen = useServer()
  const opened: Runs[] = []
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
  })
  const browser = useBrowser()

  /** A page whose answers say two words, and the rest when the test says so. */
  async function setUp(block: string, form: string, asRun = false) {
    const state = { begun: 0, aborted: 0 }
    let more = (): void => {}
    const wanted = new Promise<void>((resolve) => (more = resolve))
    async function* words(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
      state.begun += 1
      signal.addEventListener('abort', () => (state.aborted += 1))
      yield `${prompt}: `
      yield 'so far'
      await wanted
      yield ', and whole.'
    }
    const runs = createRuns()
    opened.push(runs)
    const app = new Hono()
    app.use(swapstream({ templates: { 'page.html': pageOf(block, form) }, log: recordingLog() }))
    app.route('/runs', runRoutes(runs))
    app.get('/', () => new Page('page.html'))
    app.post('/ask', async (c) => {
      const { prompt } = (await c.req.parseBody()) as { prompt: string }
      const source = ({ signal }: { signal: AbortSignal }) =>
        streamToFragments(words(prompt, signal), 'page.html', 'turn', { extraContext: { prompt } })
      if (!asRun) return new EventStream(source)
      return new EventStream(await runs.start(source, { owner: ownerOf(c), key: prompt }))
    })
    const tab = await browser.open(await listen(app))
    return { state, more: () => more(), tab }
  }

  const ask = (tab: Tab, prompt: string): Promise<void> =>
    tab.evaluate((text) => {
      document.querySelector('input')!.value = text
      document.querySelector('form')!.requestSubmit()
    }, prompt)
  const says = (tab: Tab, n: number, text: string): Promise<void> =>
    eventually(async () =>
      expect(await tab.locator('.answer').nth(n).textContent()).toContain(text),
    )
  const busy = (tab: Tab): Promise<(string | null)[]> =>
    tab.locator('.answer').evaluateAll((all) => all.map((each) => each.getAttribute('aria-busy')))

  test.each([
    ['of the kit', KIT, 'This answer is not complete.'],
    ['of its own', OWN, 'Stopped.'],
  ])('is marked as cut when a question replaces it: a block %s', async (_, block, sentence) => {
    const { tab, state, more } = await setUp(block, 'hx-sync="this:replace"')
    await ask(tab, 'one')
    await says(tab, 0, 'one: so far')
    expect(await tab.getByText(sentence).filter({ visible: true }).count()).toBe(0)
    await ask(tab, 'two')
    await says(tab, 1, 'two: so far')
    expect(await busy(tab)).toEqual(['false', 'true'])
    expect(await tab.getByText(sentence).filter({ visible: true }).count()).toBe(1)
    await eventually(() => expect(state.aborted).toBe(1))
    more()
    await says(tab, 1, 'two: so far, and whole.')
    expect(await busy(tab)).toEqual(['false', 'false'])
    expect(await tab.getByText(sentence).filter({ visible: true }).count()).toBe(1)
    // What no stream has shown is as it was.
    expect(await tab.locator('#other').getAttribute('aria-busy')).toBe('true')
  })

  test('is marked as cut when its form is taken out of the page', async () => {
    const { tab, more } = await setUp(KIT, '')
    await ask(tab, 'one')
    await says(tab, 0, 'one: so far')
    await tab.evaluate(() => document.querySelector('section')!.replaceChildren())
    more()
    await eventually(async () => expect(await busy(tab)).toEqual(['false']))
    expect(await tab.getByText('This answer is not complete.').isVisible()).toBe(true)
  })

  test.each([
    ['is dropped', 'hx-sync="this:drop"', 1],
    ['gives way', 'hx-sync="this:abort"', 1],
    ['waits', 'hx-sync="this:queue last"', 2],
  ])('goes on when the second question %s', async (_, form, asked) => {
    const { tab, state, more } = await setUp(KIT, form)
    await ask(tab, 'one')
    await says(tab, 0, 'one: so far')
    await ask(tab, 'two')
    more()
    await says(tab, 0, 'one: so far, and whole.')
    if (asked === 2) await says(tab, 1, 'two: so far, and whole.')
    await eventually(async () => expect(await busy(tab)).toEqual(Array(asked).fill('false')))
    expect(state.begun).toBe(asked)
    expect(await tab.getByText('This answer is not complete.').count()).toBe(0)
  })

  test('goes on as a run when a question replaces it', async () => {
    const { tab, state, more } = await setUp(KIT, 'id="ask" hx-sync="this:replace"', true)
    await ask(tab, 'one')
    await says(tab, 0, 'one: so far')
    await ask(tab, 'two')
    await says(tab, 1, 'two: so far')
    more()
    await says(tab, 0, 'one: so far, and whole.')
    await says(tab, 1, 'two: so far, and whole.')
    await eventually(async () => expect(await busy(tab)).toEqual(['false', 'false']))
    expect(state).toEqual({ begun: 2, aborted: 0 })
    expect(await tab.getByText('This answer is not complete.').count()).toBe(0)
  })
})
