/** Makes the pictures of the README from the running demo: `npx tsx --conditions=source scripts/picture.ts`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chromium, type BrowserContextOptions } from 'playwright-core'
import { findChromium } from './chromium.ts'

const QUESTION = 'How do I read a query parameter in Hono?'
const NEXT = 'And a header?'

const PICTURES: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light', viewport: { width: 1000, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1000, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
}

const demo = spawn(
  process.execPath,
  ['--conditions=source', '--import', 'tsx', 'examples/ask/server.ts'],
  {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
try {
  let said = ''
  const url = await new Promise<string>((resolve) => {
    demo.stdout.on('data', (data) => {
      said += data
      const found = /http:\/\/localhost:\d+/.exec(said)
      if (found) resolve(found[0])
    })
  })
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] })
  for (const [name, options] of Object.entries(PICTURES)) {
    const page = await browser.newPage(options)
    await page.goto(url)
    for (const question of [QUESTION, NEXT]) {
      await page.locator('.answer[aria-busy="true"]').waitFor({ state: 'detached' })
      await page.fill('#composer textarea', question)
      await page.keyboard.press('Enter')
      await page.locator('.answer[aria-busy="true"] [href^="#src-"]').waitFor()
    }
    await page.waitForTimeout(400)
    await page.screenshot({ path: `docs/demo-${name}.png` })
    await page.close()
  }
  await browser.close()
} finally {
  demo.kill()
  if (demo.exitCode === null) await once(demo, 'exit')
}
