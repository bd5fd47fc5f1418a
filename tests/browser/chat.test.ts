import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import type { BrowserContextOptions, Page as Tab } from 'playwright-core'
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
import type { LlmMessage } from 'swapstream/models'
import { createApp } from '../../examples/chat/app.ts'
import { createConversations } from '../../examples/chat/conversations.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import { useBrowser } from '../support/browser.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { useServer } from '../support/serve-app.ts'

const { resolve } = createRequire(import.meta.url)
const OTHER_VERSIONS: Readonly<Record<string, string>> = { '2.0.11': 'htmx2', '2.0.10': 'htmx210' }
const VERSIONS = ['4.0.1', '2.0.11', '2.0.10']

/** Forty paragraphs, so that any screen has to scroll; among them what is wide. */
const PARTS = Array.from({ length: 40 }, (_, n) => `Paragraph ${n} **begins** and ends.\n\n`)
PARTS[3] = `\`\`\`js\nconst wide = '${'x'.repeat(120)}'\n\`\`\`\n\n`
PARTS[4] = `${'W'.repeat(90)} | ${'V'.repeat(60)}\n\n`
PARTS[5] = `| ${'column | '.repeat(12)}\n|${'---|'.repeat(12)}\n| ${'cell | '.repeat(12)}\n\n`

/** Puts another htmx in place of ours, with its extension. */
function serveHtmx(app: Hono, version: string): void {
  const files = OTHER_VERSIONS[version]
  if (files === undefined) return
  const scripts = [`${files}/dist/htmx.min.js`, 'htmx-ext-sse/sse.js']
  const text = scripts.map((file) => readFileSync(resolve(file), 'utf8')).join('\n')
  const script = `${text}\nhtmx.config.includeIndicatorStyles = false`
  app.get('/swapstream/htmx.js', (c) => c.body(script, 200, { 'content-type': 'text/javascript' }))
}

describe('the chat kit', () => {
  const listen = useServer()
  const opened: Runs[] = []
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
    await expectNothingLeft(timersRunning)
  })
  const browser = useBrowser()

  /** The chat with a model that says as many parts as the test allows, and fails where it says so. */
  async function setUp(version = '4.0.1') {
    const asked: (readonly LlmMessage[])[] = []
    const state = { asked, aborted: 0, failAt: Infinity, allowed: 0 }
    let wake = (): void => {}
    const allow = (count: number): void => {
      state.allowed = count
      wake()
    }
    async function* answer(
      messages: readonly LlmMessage[],
      signal: AbortSignal,
    ): AsyncGenerator<string> {
      asked.push(messages)
      signal.addEventListener('abort', () => {
        state.aborted += 1
        wake()
      })
      for (const [n, part] of PARTS.entries()) {
        while (n >= state.allowed && !signal.aborted)
          await new Promise<void>((done) => (wake = done))
        if (signal.aborted) return
        if (n === state.failAt) throw new Error('SECRET')
        yield part
        await new Promise((done) => setTimeout(done, 1))
      }
    }
    const runs = createRuns()
    opened.push(runs)
    const app = new Hono()
    serveHtmx(app, version)
    const model = { name: 'test', suggestions: ['Try this'], answer }
    app.route('/', createApp(runs, model, createConversations()))
    const url = await listen(app)
    const open = async (options: BrowserContextOptions = {}): Promise<Tab> => {
      const tab = await browser.open(url, { viewport: { width: 900, height: 600 }, ...options })
      if (options.javaScriptEnabled === false) return tab
      const loaded = await tab.evaluate(() => (window as never as { htmx: any }).htmx.version)
      expect(loaded).toBe(version)
      return tab
    }
    return { state, allow, open, url }
  }

  const field = (tab: Tab) => tab.getByRole('textbox', { name: 'Message' })
  const ask = async (tab: Tab, prompt = 'Go on'): Promise<void> => {
    await field(tab).fill(prompt)
    await field(tab).press('Enter')
  }
  const shows = (tab: Tab, n: number): Promise<void> =>
    tab
      .locator('.prose p', { hasText: `Paragraph ${n} ` })
      .last()
      .waitFor()
  /** The answer is there, and its stream has ended: as long as it is open, a second question is dropped. */
  const finished = async (tab: Tab): Promise<void> => {
    await tab.locator('.turn:last-of-type .answer[aria-busy="false"]').waitFor()
    await tab.locator('html:is([data-stream="idle"], :not([data-stream]))').waitFor()
  }
  const turns = (tab: Tab): Promise<number> => tab.locator('.turn').count()
  /** How far the end of the conversation is below what is seen of it. */
  const below = (tab: Tab): Promise<number> =>
    tab.locator('.conversation').evaluate((log) => {
      return Math.round(log.scrollHeight - log.clientHeight - log.scrollTop)
    })

  // 2.0.10 is looked at where it differs from 2.0.11: in its swaps, and in what goes on after a cut.
  describe.each(['4.0.1', '2.0.11'])('with htmx %s', (version) => {
    test('follows its end while text grows, stays where its reader is, and goes back by its link', async () => {
      const { allow, open } = await setUp(version)
      const tab = await open()
      allow(20)
      await ask(tab)
      await shows(tab, 19)
      await eventually(async () => expect(await below(tab)).toBeLessThan(2))

      const isInSight = (n: number): Promise<boolean> =>
        tab.locator('.prose p', { hasText: `Paragraph ${n} ` }).evaluate((p) => {
          const { top } = p.getBoundingClientRect()
          return top > 0 && top < innerHeight
        })
      await tab.mouse.move(400, 300)
      await tab.mouse.wheel(0, -400)
      await eventually(async () => expect(await below(tab)).toBeGreaterThan(300))
      expect(await isInSight(12)).toBe(true)
      const top = await tab.locator('.conversation').evaluate((log) => log.scrollTop)
      allow(30)
      await shows(tab, 29)
      expect(await tab.locator('.conversation').evaluate((log) => log.scrollTop)).toBe(top)
      expect(await isInSight(12)).toBe(true)

      await tab.getByRole('link', { name: 'Latest' }).click()
      await eventually(async () => expect(await below(tab)).toBeLessThan(2))
      allow(PARTS.length)
      await finished(tab)
      expect(await below(tab)).toBeLessThan(2)
    })

    test('says once that an answer begins and once that it is there', async () => {
      const { allow, open } = await setUp(version)
      const tab = await open()
      await tab.evaluate(() => {
        const status = document.querySelector('[role="status"]')!
        const said: (string | null)[] = []
        new MutationObserver(() => said.push(status.textContent)).observe(status, {
          childList: true,
          characterData: true,
          subtree: true,
        })
        Object.assign(window, { said })
      })
      for (const n of [1, 2]) {
        allow(5)
        await ask(tab)
        await tab
          .locator('.turn')
          .nth(n - 1)
          .waitFor()
        await eventually(async () =>
          expect(await tab.getByRole('status').textContent()).toBe('The answer is being written.'),
        )
        allow(PARTS.length)
        await finished(tab)
        expect(await tab.getByRole('status').textContent()).toBe('The answer is complete.')
      }
      const said = await tab.evaluate(() => (window as never as { said: string[] }).said)
      const once = ['The answer is being written.', 'The answer is complete.']
      expect(said).toEqual([...once, ...once])
      // No other live region speaks of what is written.
      expect(await tab.getByRole('log').getAttribute('aria-live')).toBe('off')
    })

    test('copies the answer as text', async () => {
      const { allow, open } = await setUp(version)
      const tab = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
      allow(PARTS.length)
      await ask(tab)
      await finished(tab)
      await tab.getByRole('button', { name: 'Copy' }).click()
      await tab.getByRole('button', { name: 'Copied' }).waitFor()
      const copied = await tab.evaluate(() => navigator.clipboard.readText())
      expect(copied).toMatch(
        /^Paragraph 0 begins and ends\.\n\nParagraph 1 [^]*39 begins and ends\.$/,
      )
      await tab.getByRole('button', { name: 'Copy', exact: true }).waitFor()
    })

    test('stops, keeps what was written, and asks again on Retry', async () => {
      const { allow, open, state } = await setUp(version)
      const tab = await open()
      allow(3)
      await ask(tab, 'The question')
      await shows(tab, 2)
      await tab.getByRole('button', { name: 'Stop' }).click()
      await eventually(() => expect(state.aborted).toBe(1))
      await finished(tab)
      await tab.getByText('Stopped.').waitFor()
      await shows(tab, 2)
      expect(await tab.getByRole('button', { name: 'Stop' }).count()).toBe(0)

      allow(PARTS.length)
      await tab.getByRole('button', { name: 'Retry' }).click()
      await tab
        .locator('.turn:only-of-type .answer[aria-busy="false"]', { hasText: ' 39 ' })
        .waitFor()
      expect(await tab.getByText('The question').count()).toBe(1)
      expect(state.asked.map((messages) => messages.length)).toEqual([1, 1])
    })

    test('keeps the text of an answer that failed, tells it below, and gives the question one answer in the end', async () => {
      const { allow, open, state } = await setUp(version)
      const tab = await open()
      allow(PARTS.length)
      await ask(tab, 'First')
      await finished(tab)
      state.failAt = 2
      await ask(tab, 'The question')
      const alert = tab.getByRole('alert')
      await alert.waitFor()
      expect(await alert.textContent()).toMatch(/^Something went wrong\. \(source\/failed \w{8}\)$/)
      expect(await tab.content()).not.toContain('SECRET')
      await finished(tab)
      const failed = tab.locator('.turn').nth(1)
      expect(await failed.locator('.prose').textContent()).toContain('Paragraph 1 begins')
      const place = await failed.locator('.prose').boundingBox()
      const told = await alert.boundingBox()
      expect(told!.y).toBeGreaterThan(place!.y + place!.height - 1)
      expect(await tab.getByRole('status').first().textContent()).toBe('')

      state.failAt = Infinity
      await tab.getByRole('button', { name: 'Retry' }).click()
      await tab.locator('.turn:nth-of-type(2) .answer', { hasText: ' 39 ' }).waitFor()
      await finished(tab)
      expect(await turns(tab)).toBe(2)
      expect(await tab.getByText('The question').count()).toBe(1)
      expect(await tab.getByRole('alert').count()).toBe(0)
      // The model gets what was answered in full, and the question once.
      expect(state.asked.at(-1)!.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
      await tab.reload()
      expect(await turns(tab)).toBe(2)
    })

    test('pays once for what is sent twice, and keeps what is typed meanwhile', async () => {
      const { allow, open, state } = await setUp(version)
      const tab = await open()
      await field(tab).fill('Once')
      await tab.evaluate(() => {
        const form = document.querySelector<HTMLFormElement>('.composer')!
        form.requestSubmit()
        form.requestSubmit()
      })
      await tab.locator('.turn').waitFor()
      allow(2)
      await shows(tab, 1)
      expect(await field(tab).inputValue()).toBe('')
      await ask(tab, 'Too early')
      allow(PARTS.length)
      await finished(tab)
      await tab.waitForTimeout(100)
      expect(state.asked).toHaveLength(1)
      expect(await turns(tab)).toBe(1)
      expect(await field(tab).inputValue()).toBe('Too early')
      expect(await field(tab).isEnabled()).toBe(true)
      await field(tab).press('Enter')
      await tab.locator('.turn').nth(1).waitFor()
      await finished(tab)
      expect(state.asked).toHaveLength(2)
    })

    test('works by the keyboard alone, and its field keeps the focus', async () => {
      const { allow, open, state } = await setUp(version)
      const tab = await open()
      const focused = (): Promise<string> =>
        tab.evaluate(
          () => document.activeElement!.textContent!.trim() || document.activeElement!.tagName,
        )
      for (let presses = 0; (await focused()) !== 'Try this'; presses++) {
        expect(presses).toBeLessThan(6)
        await tab.keyboard.press('Tab')
      }
      allow(1)
      await tab.keyboard.press('Enter')
      await shows(tab, 0)
      await field(tab).focus()
      await tab.keyboard.type('one')
      await tab.keyboard.press('Shift+Enter')
      await tab.keyboard.type('two')
      expect(await field(tab).inputValue()).toBe('one\ntwo')
      for (let presses = 0; (await focused()) !== 'Stop'; presses++) {
        expect(presses).toBeLessThan(4)
        await tab.keyboard.press('Shift+Tab')
      }
      await tab.keyboard.press('Enter')
      await eventually(() => expect(state.aborted).toBe(1))
      await finished(tab)
      // The button is gone, and the focus is not.
      expect(await focused()).toBe('TEXTAREA')
      allow(PARTS.length)
      await tab.keyboard.press('Enter')
      await tab.locator('.turn').nth(1).waitFor()
      await finished(tab)
      expect(await focused()).toBe('TEXTAREA')
      await eventually(() => expect(state.asked.at(-1)!.at(-1)!.content).toBe('one\ntwo'))

      await tab.getByRole('log').focus()
      await tab.keyboard.press('Home')
      await eventually(async () => expect(await below(tab)).toBeGreaterThan(1_000))
    })

    test('says in the document whether a stream is open', async () => {
      const { allow, open } = await setUp(version)
      const tab = await open()
      const state = (): Promise<string | undefined> =>
        tab.evaluate(() => document.documentElement.dataset['stream'])
      expect(await state()).toBe('idle')
      allow(2)
      await ask(tab)
      await shows(tab, 1)
      expect(await state()).toBe('open')
      allow(PARTS.length)
      await finished(tab)
      await eventually(async () => expect(await state()).toBe('idle'))
    })
  })

  test.each(VERSIONS)(
    'keeps a part open that its reader has opened, also when the turn is drawn anew: htmx %s',
    async (version) => {
      const page = `{% import "swapstream/chat.html" as chat %}<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>{% include "swapstream/head.html" %}<script src="/swapstream/swapstream.js" defer></script></head>
<body class="chat"><main>{% call chat.conversation() %}{% block turn %}{% if prompt %}<article class="turn" id="turn-1">{{ chat.message(prompt) }}<div class="answer" aria-busy="{{ streaming }}">{% call chat.part("Thought", "why-1", busy=streaming) %}{{ reasoning }}{% endcall %}<div class="prose">{{ text | markdown }}</div></div></article>{% endif %}{% endblock %}{% endcall %}</main><footer>{{ chat.composer("/chat") }}</footer></body></html>`
      let more = (): void => {}
      const wanted = new Promise<void>((done) => (more = done))
      async function* model(): AsyncGenerator<object> {
        yield { type: 'reasoning-delta', text: 'First this. ' }
        yield { type: 'text-delta', text: 'So.' }
        await wanted
        yield { type: 'reasoning-delta', text: 'Then that.' }
        yield { type: 'text-delta', text: ' The end.' }
      }
      const runs = createRuns()
      opened.push(runs)
      const app = new Hono()
      serveHtmx(app, version)
      app.use(swapstream({ templates: { 'page.html': page } }))
      app.get('/', () => new Page('page.html'))
      app.post('/chat', async (c) => {
        let reasoning = ''
        const source = () =>
          streamToFragments(model() as never, 'page.html', 'turn', {
            extraContext: { prompt: 'Why?', reasoning },
            renderInitial: true,
            onPart: (part) => part.type === 'reasoning' && { reasoning: (reasoning += part.text) },
          })
        return new EventStream(await runs.start(source, { owner: ownerOf(c), key: 'chat' }))
      })
      app.route('/runs', runRoutes(runs))
      const tab = await browser.open(await listen(app))
      await ask(tab)
      await tab.locator('.prose', { hasText: 'So.' }).waitFor()
      await tab.getByText('Thought').click()
      await tab.getByText('First this.').waitFor()
      more()
      await finished(tab)
      await tab.locator('.prose', { hasText: 'The end.' }).waitFor()
      await eventually(async () =>
        expect(await tab.getByText('First this. Then that.').isVisible()).toBe(true),
      )
    },
  )

  test('shows an answer that is written to a page that is loaded again, where it is', async () => {
    const { allow, open, state } = await setUp()
    const tab = await open()
    allow(12)
    await ask(tab)
    await shows(tab, 11)
    await tab.reload()
    await shows(tab, 11)
    await eventually(async () => expect(await below(tab)).toBeLessThan(2))
    allow(PARTS.length)
    await finished(tab)
    expect(await tab.locator('.prose').textContent()).toContain('Paragraph 39 ')
    expect(await below(tab)).toBeLessThan(2)
    expect([await turns(tab), state.asked.length]).toEqual([1, 1])
    await tab.getByRole('button', { name: 'New chat' }).click()
    await tab.getByText('What shall we talk about?').waitFor()
    expect(await turns(tab)).toBe(0)
  })

  test('works without JavaScript: the page is loaded again until the answer is there; Stop and Retry work', async () => {
    const { allow, open, state } = await setUp()
    const tab = await open({ javaScriptEnabled: false })
    allow(3)
    await field(tab).fill('The question')
    await tab.getByRole('button', { name: 'Send' }).click()
    await shows(tab, 2)
    allow(6)
    // It refreshes by itself.
    await tab.locator('.prose table').waitFor()
    await tab.getByRole('button', { name: 'Stop' }).click()
    await eventually(() => expect(state.aborted).toBe(1))
    await tab.getByText('This answer is not complete.').waitFor()
    expect(await tab.getByRole('button', { name: 'Copy' }).count()).toBe(0)
    allow(PARTS.length)
    await tab.getByRole('button', { name: 'Retry' }).click()
    await tab.locator('.prose p', { hasText: 'Paragraph 39' }).waitFor()
    expect(await turns(tab)).toBe(1)
    expect(await tab.getByText('The question').count()).toBe(1)
    expect(state.asked).toHaveLength(2)
  })

  test('fits a phone, and a window of 320 pixels: nothing is wider than the screen', async () => {
    for (const width of [360, 320]) {
      const { allow, open } = await setUp()
      const tab = await open({ viewport: { width, height: 640 }, hasTouch: true, isMobile: true })
      allow(8)
      await ask(tab, `${'long'.repeat(40)} question`)
      await shows(tab, 7)
      for (const selector of ['html', '.conversation']) {
        const wide = await tab.locator(selector).evaluate((each) => each.scrollWidth)
        expect(wide, selector).toBeLessThanOrEqual(width)
      }
      // What is wide scrolls by itself.
      const code = tab.locator('.prose pre')
      expect(await code.evaluate((each) => each.scrollWidth > each.clientWidth)).toBe(true)
      const send = (await tab.getByRole('button', { name: 'Send' }).boundingBox())!
      expect([send.width >= 24, send.height >= 24, send.x + send.width <= width]).toEqual([
        true,
        true,
        true,
      ])
      allow(PARTS.length)
      await finished(tab)
    }
  })

  test('is dark where that is wished for, without motion where that is wished for, and mirrored where people write so', async () => {
    const { allow, open } = await setUp()
    const tab = await open({ colorScheme: 'dark', reducedMotion: 'reduce' })
    allow(1)
    await ask(tab)
    await shows(tab, 0)
    const look = await tab.evaluate(() => {
      const sum = (colour: string): number =>
        colour
          .match(/\d+/g)!
          .slice(0, 3)
          .reduce((total, part) => total + Number(part), 0)
      const { backgroundColor, color } = getComputedStyle(document.body)
      const caret = getComputedStyle(document.querySelector('.prose p')!, '::after')
      document.documentElement.dir = 'rtl'
      const log = document.querySelector('.conversation')!.getBoundingClientRect()
      const question = document.querySelector('.message')!.getBoundingClientRect()
      return {
        dark: sum(backgroundColor) < 150 && sum(color) > 600,
        caret: [caret.content, caret.animationName],
        mirrored: question.left - log.left < log.right - question.right,
      }
    })
    expect(look).toEqual({ dark: true, caret: ['""', 'none'], mirrored: true })
    allow(PARTS.length)
    await finished(tab)
  })
})
