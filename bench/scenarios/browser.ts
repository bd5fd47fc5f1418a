import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'
import { onEveryCore, type Server } from '../load/server.ts'
import type { Figures } from '../report/results.ts'
import { path } from '../task/ask.ts'
import { token } from '../task/tokens.ts'
import { takeTurns, type Scenario, type Turns } from './scenario.ts'

/** Between the page and its question. */
const SETTLED_MS = 1_000
/** How often it is asked whether the answer is there, and for how long. */
const LOOK_MS = 250
const LONGEST_MS = 120_000
const CASES = { 'as it is': 1, '4 × slower': 4 } as const

const HEAD = {
  name: 'browser',
  title: 'In the browser',
  what: "An answer of 2,000 tokens at 200 a second in headless Chromium with htmx 4: stream-sse has the whole block swapped in (`innerHTML`) at each token, swapstream sends what it sends. Once as the machine is, once with Chromium's CPU slowed down four times. The browser has every core.",
  base: 'stream-sse',
  figures: {
    mainMs: {
      title: 'main thread',
      unit: 'ms',
      ratio: true,
      notShown:
        'painting and compositing on other threads; a page with more in it than one paragraph.',
    },
    scriptMs: {
      title: 'of it script',
      unit: 'ms',
      notShown: 'what the engine does around a script: parsing, microtasks, garbage collection.',
    },
    layoutMs: {
      title: 'layout and style',
      unit: 'ms',
      notShown: 'a style sheet: the page has none.',
    },
    longTasks: { title: 'long tasks', notShown: 'tasks of less than 50 ms.' },
    bytes: { title: 'bytes', ratio: true, notShown: 'headers and the framing of chunks.' },
  },
  rivals: ['stream-sse', 'swapstream'],
  cases: () => Object.keys(CASES),
  mostRounds: 2,
} satisfies Omit<Turns, 'measure'>

export const browser: Scenario = {
  ...HEAD,
  async run(run) {
    const executablePath = process.env['CHROMIUM']
    if (!executablePath) throw new Error('Set CHROMIUM to the path of a browser.')
    const opened = await onEveryCore(() =>
      chromium.launch({ executablePath, args: ['--no-sandbox'] }),
    )
    try {
      return await takeTurns(run, {
        ...HEAD,
        measure(server, at, { quick }, rehearsal) {
          const n = quick || rehearsal ? 300 : 2000
          return spentOn(opened, server, n, CASES[at as keyof typeof CASES])
        },
      })
    } finally {
      await opened.close()
    }
  },
}

/** What one answer costs a page of its own, on a processor that is so many times slower. */
async function spentOn(
  opened: Browser,
  { port, rival }: Server,
  n: number,
  slower: number,
): Promise<Figures> {
  const context = await opened.newContext()
  try {
    const page = await context.newPage()
    const url = path({ n, rate: 200, source: 'paced' }).replace('/answer', '/page')
    await page.goto(`http://127.0.0.1:${port}${url}`)
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
    // What the page itself costs is over by then.
    await sleep(SETTLED_MS)
    const figures = await measured(page, session, async () => {
      await page.click('button')
      // A look now and then from outside: to wait in the page is to ask at each of its frames.
      const until = performance.now() + LONGEST_MS
      while ((await page.$('#answer [aria-busy=false]')) === null) {
        if (performance.now() > until) throw new Error(`${rival} did not come to its end.`)
        await sleep(LOOK_MS)
      }
    })
    const text = await page.textContent('#answer p')
    if (!text?.endsWith(token(n - 1)) || !text.startsWith(token(0)))
      throw new Error(`${rival} showed an answer that is not whole.`)
    return figures
  } finally {
    await context.close()
  }
}

async function measured(
  page: Page,
  session: CDPSession,
  answered: () => Promise<void>,
): Promise<Figures> {
  await session.send('Performance.enable')
  const spent = async (): Promise<(name: string) => number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (name) => metrics.find((metric) => metric.name === name)!.value * 1000
  }
  await page.evaluate(() => {
    const watched = { longTasks: 0 }
    Object.assign(globalThis, { watched })
    new PerformanceObserver((list) => (watched.longTasks += list.getEntries().length)).observe({
      entryTypes: ['longtask'],
    })
  })
  const before = await spent()
  await answered()
  const after = await spent()
  const seen = await page.evaluate(async () => {
    // The end of the body is known a moment after its last bytes.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { watched } = globalThis as unknown as { watched: { longTasks: number } }
    const answer = performance
      .getEntriesByType('resource')
      .find(({ name }) => name.includes('/answer')) as PerformanceResourceTiming | undefined
    return { longTasks: watched.longTasks, bytes: answer?.encodedBodySize ?? NaN }
  })
  const since = (name: string): number => after(name) - before(name)
  return {
    mainMs: since('TaskDuration'),
    scriptMs: since('ScriptDuration'),
    layoutMs: since('LayoutDuration') + since('RecalcStyleDuration'),
    ...seen,
  }
}
