import type { Page as Tab } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { faultsOf } from '../support/axe.ts'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { usePrograms } from '../support/run-program.ts'

interface State {
  readonly name: string
  /** Brings the page there from the state before. */
  readonly reach?: (tab: Tab) => Promise<unknown>
}

const send =
  (button: string, text?: string, field = 'textbox') =>
  async (tab: Tab): Promise<void> => {
    if (text !== undefined)
      await tab
        .getByRole(field as 'textbox')
        .first()
        .fill(text)
    await tab.getByRole('button', { name: button, exact: true }).first().click()
  }
const refused =
  (button: string, text: string, field?: string) =>
  async (tab: Tab): Promise<void> => {
    await send(button, text, field)(tab)
    await tab.getByRole('alert').waitFor()
  }
const busy = (tab: Tab): Promise<void> => tab.locator('[aria-busy="true"]').first().waitFor()
const isThere = (tab: Tab): Promise<void> =>
  eventually(async () => {
    const count = (state: string): Promise<number> => tab.locator(`[aria-busy="${state}"]`).count()
    expect(await count('true')).toBe(0)
    expect(await count('false')).toBeGreaterThan(0)
    // As long as the stream is open, a second question is dropped.
    expect(await tab.locator('[data-stream="open"]').count()).toBe(0)
  })
/** A question, the page while it is answered, and the page with its answer. */
const answered = (asked: (tab: Tab) => Promise<void>): State[] => [
  { name: 'while it is written', reach: (tab) => asked(tab).then(() => busy(tab)) },
  { name: 'with its answer', reach: isThere },
]

/** The demo has its own test, in more states. */
const EXAMPLES: Readonly<Record<string, { args?: string[]; states: readonly State[] }>> = {
  hello: { states: answered(send('Ask', 'Hello')) },
  progress: {
    states: [
      { name: 'refused', reach: refused('Write it', '0', 'spinbutton') },
      {
        name: 'while it is written',
        reach: (tab) =>
          send(
            'Write it',
            '8',
            'spinbutton',
          )(tab).then(() => tab.getByRole('progressbar').waitFor()),
      },
      { name: 'written', reach: (tab) => tab.getByText('Read the report').waitFor() },
    ],
  },
  notifications: {
    states: [
      { name: 'refused', reach: refused('Send', ' ') },
      {
        name: 'with a note',
        reach: (tab) =>
          send('Send', 'News')(tab).then(() => tab.getByText('News').last().waitFor()),
      },
    ],
  },
  tools: {
    states: [
      {
        name: 'at its first step',
        reach: (tab) =>
          send('Ask', 'hono nunjucks')(tab).then(() => tab.locator('li').first().waitFor()),
      },
      { name: 'with its answer', reach: isThere },
    ],
  },
  runs: {
    states: [
      { name: 'while it is written', reach: (tab) => send('Write')(tab).then(() => busy(tab)) },
      { name: 'stopped', reach: (tab) => send('Stop')(tab).then(() => isThere(tab)) },
    ],
  },
  chat: {
    states: [
      ...answered(send('Send', 'Show me some code')),
      {
        name: 'stopped',
        reach: async (tab) => {
          await send('Send', 'Something long')(tab)
          await send('Stop')(tab)
          await isThere(tab)
        },
      },
      {
        name: 'failed',
        reach: (tab) =>
          send('Send', 'Fail')(tab).then(() => tab.getByText('Something went wrong').waitFor()),
      },
    ],
  },
  conformance: {
    states: [
      {
        name: 'with its answer',
        reach: (tab) => send('Say', 'Hello')(tab).then(() => isThere(tab)),
      },
    ],
  },
}

describe('the pages of the examples have no fault that axe finds', () => {
  // In this order, so that each page is closed before its server.
  const run = usePrograms()
  const browser = useBrowser()

  test.each(Object.keys(EXAMPLES))('%s, in light and dark, in each of its states', async (name) => {
    const { args, states } = EXAMPLES[name]!
    const file = `examples/${name}/server.ts`
    const tab = await browser.open(await run(file, args, { PORT: '0' }).url)
    for (const { name: state, reach } of [{ name: 'at first' }, ...states] as State[]) {
      await reach?.(tab)
      for (const colorScheme of ['light', 'dark'] as const)
        expect(await faultsOf(tab, colorScheme), `${state}, ${colorScheme}`).toEqual([])
    }
  })
})
