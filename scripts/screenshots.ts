/**
 * Makes the pictures of the documentation from the running examples: `npm run screenshots`. With a folder it makes one of
 * each state of the demo there, in each view, and on paper: `npm run screenshots -- FOLDER`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { serve } from 'swapstream/node'
import { demoWithStates, STATES, VIEWS } from '../tests/support/demo-states.ts'
import { findChromium } from './chromium.ts'

interface Picture extends BrowserContextOptions {
  readonly ask: readonly string[]
  /** What the last turn shows when the picture is taken. */
  readonly until: string
}

const QUESTION = ['How do I read a query parameter in Hono?']
const DONE = '.answer[aria-busy="false"]'
const DESKTOP = { width: 1000, height: 1060 }
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }

const PICTURES: Readonly<Record<string, Readonly<Record<string, Picture>>>> = {
  ask: {
    'demo-light': { colorScheme: 'light', viewport: DESKTOP, ask: QUESTION, until: DONE },
    'demo-dark': { colorScheme: 'dark', viewport: DESKTOP, ask: QUESTION, until: DONE },
    'demo-phone': { ...PHONE, ask: QUESTION, until: '.answer[aria-busy="true"] pre' },
  },
  chat: {
    'chat-light': {
      colorScheme: 'light',
      viewport: { width: 1000, height: 680 },
      ask: ['Show me some code'],
      until: '[aria-busy="true"] pre + p strong',
    },
    'chat-dark': {
      colorScheme: 'dark',
      viewport: { width: 1000, height: 860 },
      ask: ['Show me some code', 'Fail, please'],
      until: '.actions [name="retry"]',
    },
    'chat-phone': { ...PHONE, ask: ['Who are you?'], until: '[aria-busy="true"] li + li + li' },
  },
}

const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] })
const [folder] = process.argv.slice(2)
await (folder === undefined ? picturesOfDocs(browser) : picturesOfStates(browser, folder))
await browser.close()

async function picturesOfDocs(from: Browser): Promise<void> {
  for (const [example, pictures] of Object.entries(PICTURES)) {
    const program = ['--conditions=source', '--import', 'tsx', `examples/${example}/server.ts`]
    const env = { ...process.env, PORT: '0' }
    const child = spawn(process.execPath, program, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      let output = ''
      const url = await new Promise<string>((resolve) => {
        child.stdout.on('data', (data) => {
          output += data
          const found = /http:\/\/localhost:\d+/.exec(output)
          if (found) resolve(found[0])
        })
      })
      for (const [name, { ask, until, ...options }] of Object.entries(pictures)) {
        const page = await from.newPage(options)
        // The demo first reads its documents.
        page.setDefaultTimeout(120_000)
        await page.goto(url)
        for (const question of ask) await askOnce(page, question)
        await page.locator(`.turn:last-of-type :is(${until})`).first().waitFor()
        await page.waitForTimeout(400)
        await page.screenshot({ path: `docs/${name}.png` })
        await page.context().close()
      }
    } finally {
      child.kill()
      if (child.exitCode === null) await once(child, 'exit')
    }
  }
}

async function askOnce(page: Page, question: string): Promise<void> {
  await page.locator('[data-stream="idle"]').waitFor()
  await page.fill('#composer textarea', question)
  await page.keyboard.press('Enter')
  await page.locator('.message', { hasText: question }).waitFor()
}

async function picturesOfStates(from: Browser, to: string): Promise<void> {
  mkdirSync(to, { recursive: true })
  const { app, runs } = await demoWithStates()
  const hostname = '127.0.0.1'
  const server = serve(app, { port: 0, hostname, onListen: () => {}, signals: false })
  const url = await server.ready
  for (const [view, options] of Object.entries(VIEWS)) {
    for (const [state, reach] of Object.entries(STATES)) {
      const page = await from.newPage(options)
      await page.goto(url)
      await reach(page)
      await page.screenshot({ path: join(to, `${state}-${view}.png`) })
      if (view === 'light') {
        await page.emulateMedia({ media: 'print' })
        await page.screenshot({ path: join(to, `${state}-print.png`), fullPage: true })
      }
      await page.context().close()
    }
  }
  await runs.close()
  await server.close(0)
}
