/** Makes the pictures of the chat for its guide: `npx tsx --conditions=source scripts/picture-chat.ts`. */
import { chromium, type BrowserContextOptions } from 'playwright-core'
import { createRuns } from 'swapstream'
import { serve } from 'swapstream/node'
import { createApp } from '../examples/chat/app.ts'
import { createConversations } from '../examples/chat/conversations.ts'
import { chooseModel } from '../examples/chat/model.ts'
import { findChromium } from './chromium.ts'

/** What is asked, and what of the last answer the picture waits for. */
const PICTURES: Readonly<
  Record<string, { ask: readonly string[]; until: string; options: BrowserContextOptions }>
> = {
  light: {
    ask: ['Show me some code'],
    until: '[aria-busy="true"] pre + p strong',
    options: { colorScheme: 'light', viewport: { width: 1000, height: 680 } },
  },
  dark: {
    ask: ['Show me some code', 'Fail, please'],
    until: '.cut',
    options: { colorScheme: 'dark', viewport: { width: 1000, height: 860 } },
  },
  phone: {
    ask: ['Who are you?'],
    until: '[aria-busy="true"] li + li + li',
    options: { viewport: { width: 390, height: 760 }, deviceScaleFactor: 2 },
  },
}

const runs = createRuns()
const app = createApp(runs, await chooseModel({}), createConversations())
const server = serve(app, { port: 0, hostname: '127.0.0.1', onListen: () => {}, signals: false })
const url = await server.ready
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] })
for (const [name, { ask, until, options }] of Object.entries(PICTURES)) {
  const page = await browser.newPage(options)
  await page.goto(url)
  for (const question of ask) {
    await page.locator('[data-stream="idle"]').waitFor()
    await page.fill('textarea', question)
    await page.keyboard.press('Enter')
    await page.locator('.message', { hasText: question }).waitFor()
  }
  await page.locator(`.turn:last-of-type :is(${until})`).first().waitFor()
  await page.screenshot({ path: `docs/chat-${name}.png` })
  await page.close()
}
await browser.close()
await runs.close()
await server.close(0)
