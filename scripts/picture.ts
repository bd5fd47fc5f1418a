/** Makes the pictures of the README from the running demo: `npx tsx --conditions=source scripts/picture.ts`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chromium, type BrowserContextOptions } from 'playwright-core'
import { findChromium } from './chromium.ts'

const QUESTION = 'How do I read a query parameter in Hono?'

const DESK = { width: 1000, height: 1060 }
const PICTURES: Readonly<Record<string, BrowserContextOptions & { until: string }>> = {
  light: { colorScheme: 'light', viewport: DESK, until: '.answer[aria-busy="false"]' },
  dark: { colorScheme: 'dark', viewport: DESK, until: '.answer[aria-busy="false"]' },
  phone: {
    colorScheme: 'light',
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    until: '.answer[aria-busy="true"] pre',
  },
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
  let output = ''
  const url = await new Promise<string>((resolve) => {
    demo.stdout.on('data', (data) => {
      output += data
      const found = /http:\/\/localhost:\d+/.exec(output)
      if (found) resolve(found[0])
    })
  })
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] })
  for (const [name, { until, ...options }] of Object.entries(PICTURES)) {
    const page = await browser.newPage(options)
    await page.goto(url)
    await page.fill('#composer textarea', QUESTION)
    await page.keyboard.press('Enter')
    await page.locator(until).waitFor()
    await page.waitForTimeout(400)
    await page.screenshot({ path: `docs/demo-${name}.png` })
    await page.close()
  }
  await browser.close()
} finally {
  demo.kill()
  if (demo.exitCode === null) await once(demo, 'exit')
}
