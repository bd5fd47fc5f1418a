import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'swapstream-bundle-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const APP = `
import { Hono } from 'hono'
import { Page, swapstream } from 'swapstream'
const app = new Hono()
app.use(swapstream({ templates: { 'x.html': '<b>{{ text }}</b>' } }))
app.get('/', () => new Page('x.html', { text: 'hello' }))
Promise.resolve(app.request('/')).then((response) => response.text()).then((text) => console.log(text))
`

describe.each(['esm', 'cjs'] as const)('a bundle of esbuild (%s)', (format) => {
  test('answers with its own templates, and says at start what it lacks', async () => {
    const out = join(folder, `app.${format === 'esm' ? 'mjs' : 'cjs'}`)
    await build({
      stdin: { contents: APP, resolveDir: resolve('.'), loader: 'ts' },
      bundle: true,
      platform: 'node',
      format,
      conditions: ['source'],
      outfile: out,
      logLevel: 'silent',
      // What packages with \`require\` in them need, as esbuild says.
      ...(format === 'esm' && {
        banner: {
          js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);",
        },
      }),
    })
    expect(existsSync(out)).toBe(true)
    const { stdout, stderr } = await run(process.execPath, [out], {
      cwd: folder,
      env: { ...process.env, LOG_LEVEL: 'info' },
    })
    expect(stdout).toBe('<b>hello</b>\n')
    const lines = stderr.trim().split('\n')
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'warn',
      msg: expect.stringMatching(/swapstream\/head\.html.*--packages=external/),
    })
  })
})
