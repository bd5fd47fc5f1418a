import { chromium, type Browser, type Page } from 'playwright-core'
import type { Server } from '../load/server.ts'
import type { Figures } from '../report/results.ts'
import { path } from '../task/ask.ts'
import { token } from '../task/tokens.ts'
import { inRounds, type Scenario } from './scenario.ts'

const CASES = { 'as it is': 1, '4 × slower': 4 } as const

export const browser: Scenario = {
  name: 'browser',
  title: 'In the browser',
  what: "An answer of 2,000 tokens at 200 a second in headless Chromium with htmx 4: stream-sse has the whole block swapped in (`innerHTML`) at each token, swapstream sends what it sends. Once as the machine is, once with Chromium's CPU slowed down four times.",
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
    dropped: {
      title: 'frames dropped',
      unit: '%',
      notShown: 'a screen: the browser has none, and counts as if it had one of 60 Hz.',
    },
    bytes: { title: 'bytes', ratio: true, notShown: 'headers and the framing of chunks.' },
  },
  async run(run) {
    const executablePath = process.env['CHROMIUM']
    if (!executablePath) throw new Error('Set CHROMIUM to the path of a browser.')
    const opened = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    try {
      return await inRounds(
        run,
        {
          figures: this.figures,
          rivals: ['stream-sse', 'swapstream', 'swapstream-token', 'swapstream-literal'],
          cases: Object.keys(CASES),
          rounds: run.rounds,
        },
        (server, at) =>
          visit(opened, server, run.quick ? 300 : 2000, CASES[at as keyof typeof CASES]),
      )
    } finally {
      await opened.close()
    }
  },
}

async function visit(
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
    await session.send('Performance.enable')
    await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
    const spent = async (): Promise<(name: string) => number> => {
      const { metrics } = await session.send('Performance.getMetrics')
      return (name) => metrics.find((metric) => metric.name === name)!.value * 1000
    }
    await watch(page)
    const before = await spent()
    await page.click('button')
    await page.waitForSelector('#answer [aria-busy=false]', { timeout: 120_000 })
    const after = await spent()
    const seen = await seenBy(page)
    if (!seen.text.endsWith(token(n - 1)) || !seen.text.startsWith(token(0)))
      throw new Error(`${rival} showed an answer that is not whole.`)
    const since = (name: string): number => after(name) - before(name)
    return {
      mainMs: since('TaskDuration'),
      scriptMs: since('ScriptDuration'),
      layoutMs: since('LayoutDuration') + since('RecalcStyleDuration'),
      longTasks: seen.longTasks,
      dropped: seen.dropped * 100,
      bytes: seen.bytes,
    }
  } finally {
    await context.close()
  }
}

interface Watched {
  longTasks: number
  frames: number[]
}

/** Counts long tasks and frames from now on, in the page itself. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watched: Watched = { longTasks: 0, frames: [] }
    Object.assign(globalThis, { watched })
    new PerformanceObserver((list) => (watched.longTasks += list.getEntries().length)).observe({
      entryTypes: ['longtask'],
    })
    const frame = (at: number): void => {
      watched.frames.push(at)
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
}

async function seenBy(
  page: Page,
): Promise<{ text: string; longTasks: number; dropped: number; bytes: number }> {
  return page.evaluate(async () => {
    // The end of the body is known a moment after its last bytes.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { watched } = globalThis as unknown as { watched: Watched }
    const { longTasks, frames } = watched
    const gaps = frames.slice(1).map((at, index) => Math.round((at - frames[index]!) / (1000 / 60)))
    const missed = gaps.reduce((sum, gap) => sum + Math.max(0, gap - 1), 0)
    const answer = performance
      .getEntriesByType('resource')
      .find(({ name }) => name.includes('/answer')) as PerformanceResourceTiming | undefined
    return {
      text: document.querySelector('#answer p')!.textContent!,
      longTasks,
      dropped: missed / (missed + gaps.length),
      bytes: answer?.encodedBodySize ?? NaN,
    }
  })
}
