/** Makes the pictures of the README from the running demo: `npx tsx --conditions=source scripts/picture.ts`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chromium } from 'playwright-core'
import { findChromium } from './chromium.ts'

const QUESTION = 'How do I read a query parameter in Hono?'

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
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1000, height: 900 } })
    await page.goto(url)
    await page.fill('#question', QUESTION)
    await page.click('#ask button')
    await page.waitForSelector('.answer[aria-busy="true"] .cite')
    await page.waitForTimeout(400)
    await page.screenshot({ path: `docs/demo-${colorScheme}.png` })
  }
  await browser.close()
} finally {
  demo.kill()
  if (demo.exitCode === null) await once(demo, 'exit')
}
