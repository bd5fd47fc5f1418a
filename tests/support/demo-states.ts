import type { Page as Tab } from 'playwright-core'
import { createRuns } from 'swapstream'
import { createApp } from '../../examples/ask/app.ts'
import type { Answerer } from '../../examples/ask/model.ts'
import { sampleCorpus } from './sample-corpus.ts'

const LONG = 'averyveryveryverylongnameofapackagethatnobodycanbreakanywhere'.repeat(2)
const CODE = Array.from(
  { length: 12 },
  (_, n) => `const line${n} = await fetch('https://example.com/${LONG.slice(0, 60)}/${n}')`,
).join('\n')
const CELLS = ['Option', 'Default', 'What it is for, in a sentence that needs more than one line']

/** Answers by question. */
const ANSWERS: Readonly<Record<string, string>> = {
  'Show long code': `Here is some:\n\n\`\`\`ts\n${CODE}\n\`\`\`\n\nAnd \`${LONG}\`.`,
  'Show a table': `| ${CELLS.join(' | ')} |\n|---|---|---|\n${'| `frameMs` | 50 | Time between two frames |\n'.repeat(4)}`,
  'כיצד מנקים קומקום?': 'כך:\n\n- שוטפים את הקומקום\n- מייבשים אותו היטב\n\n> והתה טעים יותר.',
}

/** An answerer that answers as a state needs it: slowly for `Write slowly`, with an error for `Fail`. */
const answerer: Answerer = {
  name: 'extractive',
  model: false,
  async *answer(question, _sources, signal) {
    yield 'You asked for this.\n\n'
    if (question === 'Write slowly')
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    if (question === 'Fail') throw new Error('The model is gone.')
    if (!signal.aborted) yield ANSWERS[question] ?? 'A teapot keeps tea warm. [1]'
  },
}

/** The demo with an answerer that is told what to do, over documents with long names. */
export async function demoWithStates() {
  const runs = createRuns()
  const { answerer: _, ...search } = await sampleCorpus(0)
  const corpus = { name: 'kitchen', examples: ['What boils water?', `What is ${LONG}?`] }
  return { app: createApp({ ...search, answerer, corpus, runs }), runs }
}

const ask = async (tab: Tab, question: string): Promise<void> => {
  await tab.locator('#composer textarea').fill(question)
  await tab.locator('#composer > button').click()
  await tab.locator('.turn', { hasText: question }).last().waitFor()
}
const answered = async (tab: Tab, question: string): Promise<void> => {
  await ask(tab, question)
  await tab.locator('.turn:last-of-type .answer[aria-busy="false"]').waitFor()
  await tab.locator('.strip dl').waitFor()
}

/** The states of the demo's page, and how a new page comes into each. */
export const STATES: Readonly<Record<string, (tab: Tab) => Promise<unknown>>> = {
  empty: async () => {},
  answered: (tab) => answered(tab, 'How do I clean a silver teapot?'),
  streaming: async (tab) => {
    await ask(tab, 'Write slowly')
    await tab.getByText('You asked for this.').waitFor()
  },
  stopped: async (tab) => {
    await ask(tab, 'Write slowly')
    await tab.getByText('You asked for this.').waitFor()
    await tab.locator('.stop button').click()
    await tab.locator('.answer[aria-busy="false"]').waitFor()
  },
  error: async (tab) => {
    await ask(tab, 'Fail')
    await tab.locator('.swapstream-error').waitFor()
  },
  cut: async (tab) => {
    await ask(tab, 'Fail')
    await tab.locator('.swapstream-error').waitFor()
    await tab.reload()
    await tab.locator('.cut').waitFor()
  },
  refused: async (tab) => {
    // A browser holds an empty question back; a blank one arrives.
    await tab.locator('#composer textarea').fill(' ')
    await tab.locator('#composer > button').click()
    await tab.getByRole('alert').waitFor()
  },
  'long-code': (tab) => answered(tab, 'Show long code'),
  table: (tab) => answered(tab, 'Show a table'),
  'right-to-left': (tab) => answered(tab, 'כיצד מנקים קומקום?'),
  'long-question': (tab) => answered(tab, `How do I clean a teapot of ${LONG}?`),
  source: async (tab) => {
    await tab.locator('a[href="/source"]').click()
    await tab.getByRole('heading', { level: 1 }).waitFor()
  },
}

/** The ways in which each state is looked at. 200 % of a window of 1000 pixels is one of 500. */
export const VIEWS = {
  light: { colorScheme: 'light', viewport: { width: 1000, height: 760 } },
  dark: { colorScheme: 'dark', viewport: { width: 1000, height: 760 } },
  phone: { colorScheme: 'light', viewport: { width: 320, height: 640 } },
  zoomed: {
    colorScheme: 'light',
    viewport: { width: 500, height: 380 },
    deviceScaleFactor: 2,
  },
} as const
