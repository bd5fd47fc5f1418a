import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tsImport } from 'tsx/esm/api'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { readEntryPoints, toComment } from '../../scripts/read-entry-points.ts'
import { started, surroundings } from './support/surroundings.ts'

/**
 * The examples of the doc comments are programs: each one is compiled and run, with what stands in `surroundings` at
 * hand, the exports of the package, and what its own file exports. `expression // → value` is an assertion.
 */
const ROOT = join(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src')

type Check = (value: unknown, wanted: unknown) => void

interface Example {
  readonly name: string
  readonly file: string
  readonly code: string
}

const COMMENT =
  /(\/\*\*[^]*?\*\/)\s*(?:export )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|class|const|interface|type)?\s*(\w+)?/g

const examples = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file): Example[] =>
    [...readFileSync(join(SRC, file), 'utf8').matchAll(COMMENT)].flatMap(([, comment, name]) =>
      toComment(comment!).examples.map((code) => ({ name: name ?? file, file, code })),
    ),
  )

// In the checkout, so that the programs find what they import.
const folder = mkdtempSync(join(import.meta.dirname, '.examples-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  for (const server of started.splice(0)) {
    await server.ready
    await server.close(0)
  }
})

/** The file of each exported name, and whether it is a type. */
const exported = readEntryPoints().flatMap((entry) => entry.exports)

/** `expression // → value` becomes a check. */
const withChecks = (code: string): string =>
  code.replace(/^(.+?)\s*\/\/ → (.+)$/gm, (_, expression: string, value: string) =>
    /^(?:const|let) /.test(expression)
      ? `${expression}\nsame(${/^(?:const|let) (\w+)/.exec(expression)![1]}, ${value})`
      : `same(await (${expression}), ${value})`,
  )

async function toProgram({ file, code }: Example): Promise<string> {
  const words = new Set(code.match(/\w+/g))
  const around = Object.keys(surroundings()).filter((name) => words.has(name))
  const imports = new Map(
    exported.map(({ name, file: from, typeOnly }) => [name, { from, as: typeOnly ? 'type ' : '' }]),
  )
  for (const name of Object.keys(await import(join(SRC, file))))
    imports.set(name, { from: file, as: '' })
  const lines = [...imports]
    .filter(([name]) => words.has(name) && !around.includes(name))
    .map(([name, { from, as }]) => `import { ${as}${name} } from '../../../src/${from}'`)
  return `${lines.join('\n')}
import { surroundings } from '../support/surroundings.ts'
type Check = (value: unknown, wanted: unknown) => void
export default async function* example(same: Check): AsyncGenerator<unknown, unknown> {
const { ${around.join(', ')} } = surroundings()
{
${withChecks(code)}
}
return undefined
}
`
}

const programs: (Example & { path: string })[] = []
for (const example of examples) {
  const path = join(folder, `${programs.length}.ts`)
  writeFileSync(path, await toProgram(example))
  programs.push({ ...example, path })
}

describe('the example of', () => {
  test('everything compiles', async () => {
    const options = { noUnusedLocals: false, noUnusedParameters: false }
    const config = {
      extends: '../../../tsconfig.json',
      compilerOptions: options,
      include: ['*.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const { stdout } = await promisify(execFile)(tsc, ['-p', folder]).catch((failed) => failed)
    expect(stdout).toBe('')
  })

  test.each(programs)('$name in $file runs', async ({ path, code }) => {
    // Decorators have to be compiled, and the test runner leaves them as they are.
    const program = code.includes('@Stream')
      ? await tsImport(path, import.meta.url)
      : await import(/* @vite-ignore */ path)
    const { default: run } = program as { default: (check: Check) => AsyncGenerator<unknown> }
    const same: Check = (value, wanted) => expect(value).toEqual(wanted)
    for await (const _ of run(same)) continue
  })
})
