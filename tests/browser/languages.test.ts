import type { BrowserContextOptions, Page as Tab } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import { createRuns, type Runs } from 'swapstream'
import { german } from 'swapstream/core'
import type { RunsOptions } from 'swapstream/core'
import { createApp } from '../../examples/chat/app.ts'
import { createConversations } from '../../examples/chat/conversations.ts'
import { de } from '../../examples/chat/languages/de.ts'
import { en } from '../../examples/chat/languages/en.ts'
import { useBrowser } from '../support/browser.ts'
import { useServer } from '../support/serve-app.ts'

const FAILED = /status of 5\d\d/

/** The words of a table, also of a table in it. */
function wordsOf(table: object): string[] {
  return Object.values(table).flatMap((text): string[] => {
    if (typeof text === 'object') return wordsOf(text)
    const shown = typeof text === 'function' ? text(2, '', { message: '' }) : text
    const withoutCode = String(shown).replace(/```[^]*```/, '')
    return withoutCode.toLowerCase().match(/\p{L}{2,}/gu) ?? []
  })
}
// Words that are the same in both languages are no sign of English.
const ours = new Set(wordsOf(de))
const ENGLISH = new Set(wordsOf(en).filter((word) => !ours.has(word)))

/** The English words of a page: in its title, its texts, and the labels that a screen reader reads. */
async function englishIn(tab: Tab): Promise<string[]> {
  const shown = await tab.evaluate(() => {
    const texts = [document.title]
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      // The id of the log, and what nothing shows.
      if (!node.parentElement!.closest('small, script, template, noscript'))
        texts.push(node.nodeValue!)
    }
    const named = ['aria-label', 'title', 'placeholder', 'alt', 'data-copy', 'aria-description']
    for (const name of named)
      for (const each of document.querySelectorAll(`[${name}]`))
        texts.push(each.getAttribute(name)!)
    return texts.join('\n')
  })
  const words = shown.toLowerCase().match(/\p{L}{2,}/gu) ?? []
  expect(words.length).toBeGreaterThan(3)
  return words.filter((word) => ENGLISH.has(word))
}

describe('the chat example in German', () => {
  const listen = useServer()
  const opened: Runs[] = []
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
  })
  const browser = useBrowser()

  async function open(
    options: Omit<RunsOptions, 'log'> = {},
    { path = '', ...page }: BrowserContextOptions & { path?: string } = {},
  ) {
    const runs = createRuns(options)
    opened.push(runs)
    const state = { fails: false, goesOn: true }
    async function* answer(_: unknown, signal: AbortSignal): AsyncGenerator<string> {
      yield 'Das **steht** hier.\n\n'
      if (state.fails) throw new Error('SECRET')
      while (state.goesOn && !signal.aborted) {
        await new Promise((done) => setTimeout(done, 5))
        if (options.maxRunChars) yield 'Und noch etwas. '
      }
    }
    const url = await listen(createApp(runs, { answer }, createConversations()))
    const tab = await browser.open(url + path, { locale: 'de-DE', ...page }, FAILED)
    return { tab, state, runs }
  }
  const ask = async (tab: Tab, prompt = 'Wie geht das?'): Promise<void> => {
    await tab.getByRole('textbox', { name: german.message }).fill(prompt)
    await tab.getByRole('button', { name: german.send }).click()
  }
  const shows = (tab: Tab, text: string): Promise<void> => tab.getByText(text).first().waitFor()
  const isOver = (tab: Tab): Promise<void> => tab.locator('.answer[aria-busy="false"]').waitFor()

  type Opened = Awaited<ReturnType<typeof open>>
  const afterAnswer =
    (text: string) =>
    async ({ tab }: Opened) => {
      await ask(tab)
      await shows(tab, text)
    }
  const STATES: readonly [
    name: string,
    options: Parameters<typeof open>,
    reach: (page: Opened) => Promise<unknown>,
  ][] = [
    ['empty', [], ({ tab }) => shows(tab, de.welcome)],
    ['streaming', [], ({ tab }) => ask(tab).then(() => shows(tab, german.answerBegins))],
    [
      'complete, and copied',
      [{}, { permissions: ['clipboard-read', 'clipboard-write'] }],
      async ({ tab, state }) => {
        state.goesOn = false
        await ask(tab)
        await shows(tab, german.answerComplete)
        await tab.getByRole('button', { name: german.copy }).click()
        await tab.getByRole('button', { name: german.copied }).waitFor()
      },
    ],
    [
      'stopped',
      [],
      async ({ tab }) => {
        await ask(tab)
        await tab.getByRole('button', { name: german.stop }).click()
        await shows(tab, german.stopped)
        await isOver(tab)
      },
    ],
    [
      'failed',
      [],
      async ({ tab, state }) => {
        state.fails = true
        await ask(tab)
        await shows(tab, german.failed)
        await tab.getByRole('button', { name: german.retry }).waitFor()
      },
    ],
    ['cut at its limit', [{ maxRunChars: 400 }], afterAnswer(german.answerLimit)],
    ['cut after silence', [{ limits: { idleSourceMs: 50 } }], afterAnswer(german.answerTimeout)],
    [
      'cut with its server',
      [],
      async ({ tab, runs }) => {
        await ask(tab)
        await shows(tab, 'Das steht hier.')
        await runs.close()
        await shows(tab, german.answerInterrupted)
      },
    ],
    ['refused at a limit', [{ maxRunning: 0 }], afterAnswer(german.busy as string)],
    [
      'refused at a limit of the user',
      [{ maxRunningPerOwner: 0 }],
      afterAnswer(german.tooMany as string),
    ],
    [
      'with a question that is too long',
      [],
      async ({ tab }) => {
        const field = tab.getByRole('textbox')
        await field.evaluate((each) => each.removeAttribute('maxlength'))
        await ask(tab, 'lang '.repeat(20_000))
        await shows(tab, german.tooLarge)
      },
    ],
    [
      'at an address without an answer',
      [{}, { path: '/nirgends' }],
      async ({ tab }) => {
        expect(await tab.title()).toBe(german.notFoundTitle)
        await shows(tab, german.notFound)
      },
    ],
    [
      'of a run that is gone',
      [{}, { path: `/runs/${'x'.repeat(22)}` }],
      ({ tab }) => shows(tab, german.unknownRun),
    ],
    [
      'without JavaScript, failed',
      [{}, { javaScriptEnabled: false }],
      async ({ tab, state }) => {
        state.fails = true
        await ask(tab)
        await shows(tab, german.incomplete)
      },
    ],
  ]

  test.each(STATES)('has no English word: %s', async (_name, options, reach) => {
    const page = await open(...options)
    await reach(page)
    expect(await englishIn(page.tab)).toEqual([])
    const html = page.tab.locator('html')
    expect(await html.getAttribute('lang')).toBe('de')
  })

  test('would be found out by one', async () => {
    const { tab } = await open({}, { locale: 'en-US' })
    const found = await englishIn(tab)
    expect(found).toEqual(
      expect.arrayContaining(['new', 'shall', 'message', 'ask', 'conversation']),
    )
  })

  test('is mirrored in Arabic, on a phone, too', async () => {
    const { tab } = await open({}, { locale: 'ar-EG', viewport: { width: 320, height: 640 } })
    await tab.getByRole('textbox').fill('كيف؟')
    await tab.getByRole('textbox').press('Enter')
    await tab.locator('.prose p').waitFor()
    const look = await tab.evaluate(() => {
      const box = (selector: string): DOMRect =>
        document.querySelector(selector)!.getBoundingClientRect()
      return {
        html: [document.documentElement.lang, document.documentElement.dir],
        // What is at the end in the reading direction is on the left.
        question: box('.message').left < innerWidth - box('.message').right,
        send: box('.composer button').left < box('.composer textarea').left,
        title: box('.chat > header h1').right > box('.chat > header form').right,
        wide: document.documentElement.scrollWidth,
      }
    })
    expect(look).toEqual({
      html: ['ar', 'rtl'],
      question: true,
      send: true,
      title: true,
      wide: 320,
    })
  })
})
