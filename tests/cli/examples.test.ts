import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { check } from 'swapstream/check'
import { toLine } from '../../src/cli/finding.ts'
import { loadApp } from '../../src/cli/load-app.ts'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms()
/** Decorators are not read by the compiler of the tests, and the demo reads every package first: these run as programs. */
const PROGRAMS = new Set(['decorators', 'ask'])

const names = readdirSync('examples')

test.each(names.filter((name) => !PROGRAMS.has(name)))(
  'examples/%s has no faults',
  async (name) => {
    const file = `examples/${name}/server.ts`
    const app = await loadApp(file)
    // The proxy in front of the nodes answers this one.
    const { faults, checked } = await check({ app, code: [file], elsewhere: ['/kill/'] })
    expect(faults.map(toLine)).toEqual([])
    expect(checked.routes).toBeGreaterThan(1)
    expect(checked.files).toBeGreaterThan(1)
  },
)

test.each([...PROGRAMS])(
  'examples/%s has no faults, as the command sees it',
  async (name) => {
    const app = `examples/${name}/server.ts`
    const { code, stdout, stderr } = await run('src/cli/swapstream.ts', ['check', '--app', app])
      .ended
    expect(stderr).toBe('')
    expect(stdout).toMatch(/No faults \(\d+ templates?, \d+ routes, \d+ source files\)\.\n$/)
    expect(code).toBe(0)
  },
  60_000,
)
