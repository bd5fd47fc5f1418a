import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { check } from 'swapstream/check'
import { createApp } from '../../examples/ask/app.ts'
import { SearchIndex } from '../../examples/ask/search-index.ts'
import { toLine } from '../../src/cli/findings.ts'
import { loadApp } from '../../src/cli/load-app.ts'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms('sources')
/** The demo reads every package before it serves, and the compiler of the tests does not read decorators. */
const APART = new Set(['ask', 'decorators'])

const names = readdirSync('examples').filter((name) => !APART.has(name))

test.each(names)('examples/%s has no faults', async (name) => {
  const file = `examples/${name}/server.ts`
  const app = await loadApp(file)
  // The proxy in front of the nodes answers this one.
  const { faults, checked } = await check({ app, code: [file], externalPrefixes: ['/kill/'] })
  expect(faults.map(toLine)).toEqual([])
  expect(checked.routes).toBeGreaterThan(1)
  expect(checked.files).toBeGreaterThan(1)
})

test('examples/ask has no faults', async () => {
  const index = new SearchIndex()
  const answerer = { name: 'nobody', model: false, async *answer() {} }
  const app = createApp({ index, answerer, corpus: { name: 'docs', examples: [] } })
  const { faults, notes } = await check({ app, code: ['examples/ask/server.ts'] })
  expect(faults.map(toLine)).toEqual([])
  expect(notes).toEqual([])
})

test('examples/decorators has no faults, as the command sees it', async () => {
  const args = ['check', '--app', 'examples/decorators/server.ts']
  expect(await run('src/cli/swapstream.ts', args).ended).toEqual({
    code: 0,
    stderr: '',
    stdout: 'No faults (0 templates, 1 route, 2 source files).\n',
  })
})
