import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { useBrowser } from '../support/browser.ts'
import { blocksOf, fileOf, Follower, isFollowed } from './support/follow.ts'

const GUIDES = join(import.meta.dirname, '../../docs/guides')
const read = (guide: string): string => readFileSync(join(GUIDES, guide), 'utf8')
const guides = readdirSync(GUIDES).filter((name) => name.endsWith('.md') && isFollowed(read(name)))

/** What a person does in a page of a guide when all its steps are done. */
const visits: Record<string, (url: string) => Promise<void>> = {
  // The page breaks no policy, and has the look of the app.
  'existing-app.md': async (url) => {
    const tab = await browser.open(`${url}/assistant`)
    await tab.fill('#prompt', 'Why?')
    await tab.click('button')
    await tab.waitForFunction(
      () => document.querySelector('#answer')!.textContent === 'guest asked: Why?',
    )
    expect(await tab.evaluate(() => getComputedStyle(document.body).fontFamily)).toBe(
      'Georgia, serif',
    )
  },
  // A run goes on while another page is shown, and pages change without being loaded.
  'htmx.md': async (url) => {
    const tab = await browser.open(url)
    await tab.evaluate(() => Object.assign(window, { isSame: true }))
    expect(await tab.evaluate('htmx.config.transitions')).toBe(true)
    await tab.fill('[name=prompt]', 'one two three four five six')
    await tab.click('button')
    await tab.waitForFunction(() => document.querySelector('#answer')!.textContent!.includes('one'))
    await tab.click('text=About')
    await tab.waitForFunction(() => document.querySelector('h1')!.textContent === 'About')
    await tab.click('text=Chat')
    const whole = 'You asked: one two three four five six'
    await tab.waitForFunction(
      (text) => document.querySelector('#answer')?.textContent!.trim() === text,
      whole,
    )
    expect(await tab.evaluate('isSame')).toBe(true)
  },
  // What happens in one window shows in the other.
  'live.md': async (url) => {
    const tab = await browser.open(url)
    await tab.waitForSelector('#orders li')
    await tab.fill('[name=item]', 'Cake')
    await tab.fill('[name=price]', '6')
    await tab.click('button')
    await tab.waitForFunction(() => document.querySelector('#total')!.textContent === '10')
  },
}

let follower: Follower | undefined
afterEach(async () => {
  await follower?.end()
  follower = undefined
})
const browser = useBrowser()

describe('followed word by word in an empty folder', () => {
  test.each(guides)('%s does what it says', async (guide) => {
    follower = new Follower()
    await expect(follower.follow(read(guide))).resolves.toBe(undefined)
    await visits[guide]?.(follower.url)
  })
})

describe('the programs of these guides', () => {
  // In the package, so that the programs import it by its name.
  const folder = mkdtempSync(join(import.meta.dirname, '.followed-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('compile, each version of a file with the other files as they are then', async () => {
    for (const guide of guides) {
      let stage = 0
      const files = new Map<string, string>()
      const write = (): void => {
        for (const [name, text] of files) {
          const path = join(folder, guide.replace('.md', ''), String(stage), name)
          mkdirSync(dirname(path), { recursive: true })
          writeFileSync(path, text)
        }
        stage += 1
      }
      // What a command finds there is what a person has written.
      for (const block of blocksOf(read(guide))) {
        if (block.language === 'sh' && files.has('server.ts')) write()
        else if (/^tsx?$/.test(block.language)) files.set(fileOf(block), block.text)
      }
    }
    const modules = `declare module 'libsql' { const Database: any; export default Database }
declare module '@electric-sql/pglite' { export class PGlite { constructor(path: string); query<T>(sql: string, values?: unknown[]): Promise<{ rows: T[] }> } }`
    writeFileSync(join(folder, 'foreign.d.ts'), modules)
    const compilerOptions = {
      noEmit: true,
      jsx: 'react-jsx',
      jsxImportSource: 'hono/jsx',
      noUnusedLocals: false,
      noUnusedParameters: false,
      isolatedDeclarations: false,
      noPropertyAccessFromIndexSignature: false,
    }
    const config = { extends: '../../../tsconfig.json', compilerOptions, include: ['**/*'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
    const { stdout } = await promisify(execFile)(tsc, ['-p', folder]).catch((failed) => failed)
    expect(stdout).toBe('')
  })
})
