import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { isFollowed } from './support/follow.ts'

/**
 * Each guide is one program: its `ts` snippets in their order, after a setup that the page does not show
 * (`<!-- setup … -->`). All are compiled, and run; `expression // → value` is an assertion.
 */
const ROOT = join(import.meta.dirname, '../..')
const GUIDES = join(ROOT, 'docs/guides')
const guides = readdirSync(GUIDES)
  .filter((name) => name.endsWith('.md') && name !== 'runtimes.md')
  .filter((name) => !isFollowed(readFileSync(join(GUIDES, name), 'utf8')))
const run = promisify(execFile)

// In the package, so that the programs can import it by its name: as sources, and compiled.
let folder: string
let compiled: string
beforeAll(() => {
  folder = mkdtempSync(join(ROOT, 'tests/docs/.guides-'))
  for (const guide of guides) writeFileSync(programOf(guide), toProgram(guide))
  const options = { noUnusedLocals: false, noUnusedParameters: false, target: 'es2022' }
  const config = { extends: '../../../tsconfig.json', compilerOptions: options, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  compiled = join(inject('programs'), relative(ROOT, folder))
  mkdirSync(compiled, { recursive: true })
  compile({ include: guides.map(programOf), from: folder, to: compiled })
})
afterAll(() => rmSync(folder, { recursive: true }))

const programOf = (guide: string): string => join(folder, guide.replace('.md', '.ts'))

function toProgram(guide: string): string {
  const text = readFileSync(join(GUIDES, guide), 'utf8')
  const snippets = [...text.matchAll(/^(?:```ts|<!-- setup)\n([^]*?)^(?:```|-->)$/gm)]
  const checked = snippets
    .map(([, code]) => code!)
    .join('\n')
    .replace(/^(?!const |let )(\S.*?) \/\/ → (.+)$/gm, 'same(await ($1), $2)')
  return `import { deepStrictEqual as same } from 'node:assert'\n${checked}`
}

describe('the snippets of docs/guides', () => {
  test('compile', async () => {
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const { stdout } = await run(tsc, ['--noEmit', '-p', folder]).catch((failed) => failed)
    expect(stdout).toBe('')
  })

  test.each(guides)('%s runs, and says what is so', async (guide) => {
    expect(toProgram(guide), 'snippets').toMatch(/import .* from 'swapstream'/)
    const program = [join(compiled, guide.replace('.md', '.js'))]
    const { stderr = '' } = await run(process.execPath, program, { cwd: ROOT }).catch(
      (failed) => failed,
    )
    expect(stderr).toBe('')
  })
})
