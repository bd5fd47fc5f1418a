import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createRuns, type Runs } from 'swapstream'
import { useNetwork } from '../support/cutting-proxy.ts'
import { eventually } from '../support/eventually.ts'
import {
  createAppWithoutScripts,
  createChartApp,
  createChatApp,
  createSourcesApp,
  Gate,
} from '../support/journey-apps.ts'
import { usePrograms } from '../support/run-program.ts'
import { useServer } from '../support/serve-app.ts'
import type { Tab, Visitor } from '../support/visitor.ts'
import { VISITORS } from '../support/visitors.ts'

const FIELD = '.composer textarea'
const ANSWER = '.turn:last-of-type .prose'

describe.each(Object.entries(VISITORS))('in %s', (_name, launch) => {
  const run = usePrograms('compiled', afterAll)
  const listen = useServer()
  const connect = useNetwork()
  const opened: Runs[] = []
  let visitor: Visitor
  let chat: string
  let notifications: string
  let gate = new Gate()

  beforeAll(async () => {
    const start = (name: string): Promise<string> =>
      run(`examples/${name}/server.ts`, [], { PORT: '0' }).url
    ;[visitor, chat, notifications] = await Promise.all([
      launch(),
      start('chat'),
      start('notifications'),
    ])
  })
  afterEach(async () => {
    gate.allow(Infinity)
    gate = new Gate()
    await visitor.forget()
    for (const runs of opened.splice(0)) await runs.close()
  })
  afterAll(() => visitor?.close())

  const newRuns = (): Runs => {
    const runs = createRuns()
    opened.push(runs)
    return runs
  }

  const chatApp = (version = '4.0.1'): Promise<string> =>
    listen(createChatApp(version, newRuns(), gate))

  async function open(url: string): Promise<Tab> {
    const tab = await visitor.newTab()
    await tab.open(url)
    return tab
  }
  async function ask(tab: Tab, prompt: string): Promise<void> {
    await tab.click(FIELD)
    await tab.type(prompt)
    await tab.press('Enter')
  }
  /** The answer is whole, and its stream has ended. */
  async function finished(tab: Tab): Promise<void> {
    await tab.has('.turn:last-of-type .answer[aria-busy="false"]')
    await tab.has('html[data-stream="idle"]')
    await tab.has('swap-frame, swap-text, swap-resume', 0)
  }

  test('an answer grows, and its end is announced once', async () => {
    const tab = await open(chat)
    await tab.run(() => {
      const seen: Record<'answer' | 'status', string[]> = { answer: [], status: [] }
      const look = (): void => {
        for (const [name, selector] of [
          ['answer', '.prose'],
          ['status', '#status'],
        ] as const) {
          const text = document.querySelector(selector)?.textContent?.trim()
          if (text && text !== seen[name].at(-1)) seen[name].push(text)
        }
      }
      const all = { childList: true, subtree: true, characterData: true }
      new MutationObserver(look).observe(document.body, all)
      Object.assign(window, { seen })
    })
    await ask(tab, 'Who are you?')
    await finished(tab)
    await tab.shows('#status', 'The answer is complete.')
    const [whole] = await tab.texts(ANSWER)
    const { answer, status } = await tab.run(
      () => (window as never as { seen: Record<'answer' | 'status', string[]> }).seen,
    )
    expect(answer.length).toBeGreaterThan(5)
    expect(answer.at(-1)).toBe(whole)
    expect(status).toEqual(['The answer is being written.', 'The answer is complete.'])
    expect(await tab.value(FIELD)).toBe('')
  })

  test.each(['4.0.1', '2.0.11'])(
    'Stop ends an answer and keeps its text: htmx %s',
    async (version) => {
      const tab = await open(await chatApp(version))
      gate.allow(3)
      await ask(tab, 'Go on')
      await tab.shows(ANSWER, 'Line 2 ')
      await tab.click('.stop button')
      await finished(tab)
      gate.allow(Infinity)
      await tab.shows('.turn .cut', /./)
      expect(await tab.texts(ANSWER)).toEqual([expect.stringMatching(/Line 2 begins and ends\.$/)])
      expect(await tab.count('.stop')).toBe(0)
      expect(await tab.count('[name="retry"]')).toBe(1)
    },
  )

  test('a page that is loaded again in the middle goes on with the answer', async () => {
    const tab = await open(chat)
    await ask(tab, 'Write something long')
    await tab.has(`${ANSWER} li:nth-child(2)`)
    await tab.reload()
    await tab.has(`${ANSWER} li:nth-child(3)`)
    await finished(tab)
    expect(await tab.count(`${ANSWER} li`)).toBe(12)
    expect(await tab.count('.turn')).toBe(1)
  })

  test('a mark leads to its source, the source to its page, and Back to the answer', async () => {
    const tab = await open(await listen(createSourcesApp(newRuns())))
    await ask(tab, 'Why?')
    await finished(tab)
    await tab.click(`${ANSWER} a[href="#src-1-1"]`)
    await tab.has('#src-1-1:target')
    await tab.back()
    await tab.has('#src-1-1:target', 0)
    await tab.shows(ANSWER, 'It keeps tea warm')
    await tab.click('#src-1-1 a')
    await tab.shows('h1', 'A source')
    await tab.back()
    await tab.shows(ANSWER, 'So it does.')
    expect(await tab.count('.source')).toBe(2)
  })

  test('a form with a problem tells it beside the field, with the focus and the text where they were', async () => {
    const tab = await open(notifications)
    await tab.click('#text')
    await tab.type('x'.repeat(201))
    await tab.press('Enter')
    await tab.shows('#problem', 'Too long.')
    expect(await tab.value('#text')).toBe('x'.repeat(201))
    expect(await tab.attribute('#text', 'aria-describedby')).toBe('problem')
    await eventually(async () => expect(await tab.focuses('#text')).toBe(true))
  })

  test('a chat needs no mouse', async () => {
    const tab = await open(await chatApp())
    gate.allow(2)
    await tab.tabTo(FIELD)
    await tab.type('One line')
    await tab.press('Shift+Enter')
    await tab.type('and another')
    expect(await tab.value(FIELD)).toBe('One line\nand another')
    await tab.press('Enter')
    await tab.shows(ANSWER, 'Line 1 ')
    expect(await tab.focuses(FIELD)).toBe(true)
    await tab.tabTo('.stop button', 'Shift+Tab')
    await tab.press('Enter')
    await finished(tab)
    expect(await tab.focuses(FIELD)).toBe(true)
    gate.allow(Infinity)
    await tab.tabTo('[name="retry"]', 'Shift+Tab')
    await tab.press('Space')
    await tab.shows(ANSWER, 'The end.')
    await finished(tab)
    expect(await tab.focuses(FIELD)).toBe(true)
    expect(await tab.count('.turn')).toBe(1)
  })

  test('a feed goes on in two tabs, and in one that was behind as soon as it is in front', async () => {
    const tabs = [await open(notifications), await open(notifications)]
    const before = await tabs[0]!.count('#feed li')
    for (const [n, from] of tabs.entries()) {
      await from.toFront()
      await from.click('#text')
      await from.type(`News ${n}`)
      await from.press('Enter')
      for (const tab of tabs) {
        await tab.toFront()
        await tab.shows('#feed li:first-child', `News ${n}`)
      }
      expect(await from.value('#text')).toBe('')
    }
    for (const tab of tabs) expect(await tab.count('#feed li')).toBe(before + 2)
  })

  test('a tab that was behind until the answer ended has all of it', async () => {
    const url = await chatApp()
    const tab = await open(url)
    gate.allow(3)
    await ask(tab, 'Go on')
    await tab.shows(ANSWER, 'Line 2 ')
    await tab.reload()
    await tab.shows(ANSWER, 'Line 2 ')
    const other = await open(`${url}/other`)
    await other.toFront()
    gate.allow(6)
    const once = await open(url)
    await once.toFront()
    await once.shows(ANSWER, 'Line 5 ')
    gate.allow(Infinity)
    await finished(once)
    await tab.toFront()
    await finished(tab)
    await tab.shows(ANSWER, 'The end.')
    expect(await tab.count('.turn')).toBe(1)
    expect(await tab.texts('.turn .cut:not([hidden])')).toEqual([])
  })

  test('without scripts the page itself grows', async () => {
    const tab = await open(await listen(createAppWithoutScripts(gate)))
    expect(await tab.run(() => 'htmx' in window)).toBe(false)
    gate.allow(2)
    await tab.click('#prompt')
    await tab.type('Why?')
    await tab.press('Enter')
    if (visitor.seesGrowingPages) await tab.shows('#answer p', /Line 1 /)
    gate.allow(Infinity)
    await tab.shows('#answer p', /The end\.$/)
    expect(await tab.count('h1')).toBe(1)
  })

  test('code scrolls by itself, a table is one, and what is written from the right stands there', async () => {
    const tab = await open(await chatApp())
    gate.allow(Infinity)
    await ask(tab, 'Show me')
    await finished(tab)
    const look = await tab.run(() => {
      const find = (selector: string): HTMLElement => document.querySelector(`.prose ${selector}`)!
      const arabic = [...document.querySelectorAll('.prose p')].find((p) =>
        p.textContent!.includes('عربي'),
      )!
      const range = document.createRange()
      range.selectNodeContents(arabic)
      const [text, place] = [range.getBoundingClientRect(), arabic.getBoundingClientRect()]
      return {
        codeScrolls: find('pre').scrollWidth > find('pre').clientWidth,
        pageIsNoWider: document.documentElement.scrollWidth <= innerWidth,
        cells: [...find('table').querySelectorAll('td')].map((td) => td.textContent),
        fromTheRight: place.right - text.right < text.left - place.left,
      }
    })
    expect(look).toEqual({
      codeScrolls: true,
      pageIsNoWider: true,
      cells: ['tea', '2', 'milk', '1'],
      fromTheRight: true,
    })
  })

  test('Back shows the page with its answer', async () => {
    const url = await chatApp()
    const tab = await open(url)
    gate.allow(Infinity)
    await ask(tab, 'The question')
    await finished(tab)
    await tab.open(`${url}/other`)
    await tab.has('#other')
    await tab.back()
    await tab.shows(ANSWER, 'The end.')
    await tab.shows('.message', 'The question')
    expect(await tab.count('.turn')).toBe(1)
  })

  test.each(['4.0.1', '2.0.11'])(
    'a connection that breaks is made again, and nothing is missed: htmx %s',
    async (version) => {
      const network = await connect(await chatApp(version))
      const tab = await open(network.url)
      gate.allow(3)
      await ask(tab, 'Go on')
      await tab.shows(ANSWER, 'Line 2 ')
      for (const count of [6, 9]) {
        network.cut()
        gate.allow(count)
        await tab.shows(ANSWER, `Line ${count - 1} `)
      }
      gate.allow(Infinity)
      await finished(tab)
      const [text] = await tab.texts(ANSWER)
      expect(text!.match(/Line \d+/g)).toEqual(Array.from({ length: 12 }, (_, n) => `Line ${n}`))
      expect(network.asked.filter((line) => line.startsWith('POST'))).toHaveLength(1)
    },
  )

  test('a drawing grows as SVG', async () => {
    gate.allow(1)
    const tab = await open(await listen(createChartApp(gate)))
    const widthOf = (): Promise<number> =>
      tab.run(() => document.querySelector<SVGGElement>('#bars')!.getBBox().width)
    for (const [count, width] of [
      [1, 8],
      [2, 18],
      [3, 28],
    ] as const) {
      gate.allow(count)
      await eventually(async () => expect(await widthOf()).toBe(width))
    }
  })
})
