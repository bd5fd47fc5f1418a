import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import commonjs from '@rollup/plugin-commonjs'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build, type BuildOptions } from 'esbuild'
import { type Plugin, rollup } from 'rollup'
import { build as buildVite } from 'vite'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { bundle } from '../../src/cli/bundle.ts'
import { usePrograms } from '../support/run-program.ts'
import { shownAtEnd } from '../support/shown.ts'

/** What packages with `require` in them need in an ES module, as esbuild says. */
const REQUIRE =
  "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);"

/** Packages of models, which this app does not use. */
const OPTIONAL = ['ai', '@ai-sdk/openai', '@ai-sdk/anthropic', '@ai-sdk/openai-compatible']

/** Its types say a module where Node gives the function. */
const fromCommonJs = commonjs as unknown as () => Plugin

/** Each makes one file, for Node, with all packages in it. */
const BUNDLERS: Readonly<Record<string, (from: string, to: string) => Promise<unknown>>> = {
  esbuild: (from, to) => build({ ...FOR_NODE, entryPoints: [from], outfile: to }),
  'vite (SSR)': (from, to) =>
    buildVite({
      root: join(from, '..'),
      logLevel: 'error',
      ssr: { noExternal: true, target: 'node' },
      build: {
        ssr: from,
        outDir: join(to, '..'),
        emptyOutDir: false,
        rolldownOptions: { external: OPTIONAL, output: { entryFileNames: 'server.mjs' } },
      },
    }),
  async rollup(from, to) {
    const bundled = await rollup({
      input: from,
      plugins: [nodeResolve({ preferBuiltins: true }), fromCommonJs()],
      onwarn: () => {},
    })
    await bundled.write({ file: to, format: 'esm', inlineDynamicImports: true })
  },
}
const FOR_NODE: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  banner: { js: REQUIRE },
  logLevel: 'silent',
}

describe('the chat example in one file, away from its folder', () => {
  const run = usePrograms()
  let sources: string
  let away: string
  beforeAll(() => {
    // In the folder of the compiled programs, where it finds swapstream as an installed package.
    sources = mkdtempSync(join(inject('programs'), 'bundled-'))
    away = mkdtempSync(join(tmpdir(), 'swapstream-bundle-'))
    cpSync(join(inject('programs'), 'examples/chat'), sources, { recursive: true })
    bundle({ templates: 'examples/chat/templates', out: join(sources, 'bundle.js') })
    const app = join(sources, 'app.js')
    const code = readFileSync(app, 'utf8')
    const bundled = code.replace("new URL('templates', import.meta.url)", 'bundle')
    writeFileSync(app, `import bundle from './bundle.js'\n${bundled}`)
  })
  afterAll(() => {
    for (const folder of [sources, away]) rmSync(folder, { recursive: true })
  })

  test.each(Object.entries(BUNDLERS))('answers a stream, with its page: %s', async (_, make) => {
    const folder = mkdtempSync(join(away, 'x-'))
    const file = join(folder, 'server.mjs')
    await make(join(sources, 'server.js'), file)
    const url = await run(file, [], { PORT: '0' }, folder).url
    const page = await (await fetch(url)).text()
    expect(page).toContain('<form')
    for (const [, path] of page.matchAll(/(?:href|src)="(\/swapstream[^"]+)"/g))
      expect((await fetch(url + path)).status).toBe(200)
    const response = await fetch(`${url}/chat`, {
      method: 'POST',
      body: new URLSearchParams({ prompt: 'Hello <you>' }),
      headers: {
        accept: 'text/html, text/event-stream',
        'hx-request': 'true',
        'hx-request-type': 'partial',
      },
    })
    const events: ReadEvent[] = []
    for await (const event of readEvents(response)) events.push(event)
    expect(shownAtEnd(events, { htmx: 4 })).toContain('Hello &lt;you&gt;')
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
  })
})

const APP = `
import { Hono } from 'hono'
import { Page, swapstream } from 'swapstream'
const app = new Hono()
app.use(swapstream({ templates: { 'x.html': process.argv[2] } }))
app.get('/', () => new Page('x.html', { text: 'hello' }))
Promise.resolve(app.request('/')).then((response) => response.text()).then((text) => console.log(text))
`

describe.each(['esm', 'cjs'] as const)('a bundle without its templates (%s)', (format) => {
  let folder: string
  let file: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'swapstream-bundle-'))
    file = join(folder, `app.${format === 'esm' ? 'mjs' : 'cjs'}`)
    await build({
      ...FOR_NODE,
      stdin: { contents: APP, resolveDir: resolve('.'), loader: 'ts' },
      format,
      conditions: ['source'],
      outfile: file,
      banner: format === 'esm' ? { js: REQUIRE } : {},
    })
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const start = (template: string) =>
    promisify(execFile)(process.execPath, [file, template], {
      cwd: folder,
      env: { ...process.env, LOG_LEVEL: 'info' },
    })

  test('answers with templates of its own', async () => {
    expect(await start('<b>{{ text }}</b>')).toEqual({ stdout: '<b>hello</b>\n', stderr: '' })
  })

  test('stops at its start when they use those of swapstream, and says what to do', async () => {
    const failed = start('{% include "swapstream/head.html" %}')
    await expect(failed).rejects.toMatchObject({
      stdout: '',
      stderr: expect.stringMatching(
        /"x\.html" uses templates of swapstream, which are not here.*npx swapstream bundle/,
      ),
    })
  })
})
