import { readFileSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { printedPackages, useEmptyProject } from '../support/empty-project.ts'

const emptyProject = useEmptyProject()

/** The packages that a file imports, and all files that it imports, when it is loaded. */
function packagesOf(file: string, seen = new Set<string>(), found = new Set<string>()) {
  if (seen.has(file)) return found
  seen.add(file)
  const code = readFileSync(file, 'utf8').replace(/^(?:import|export) type [^]*? from '.*'$/gm, '')
  for (const [, name] of code.matchAll(/^(?:import|export)[^']*? from '([^']+)'$/gm)) {
    if (name!.startsWith('.')) packagesOf(join(dirname(file), name!), seen, found)
    else found.add(/^(?:@[^/]+\/)?[^/]+/.exec(name!)![0])
  }
  return found
}

test('the command needs no package that is not installed with swapstream', () => {
  const comesWith = new Set([...Object.keys(manifest.dependencies), 'hono'])
  const isThere = (name: string): boolean =>
    name.startsWith('node:') || builtinModules.includes(name) || comesWith.has(name)
  const needed = [...packagesOf('src/cli/swapstream.ts')]
  expect(needed).toContain('hono')
  expect(needed.filter((name) => !isThere(name))).toEqual([])
})

test('the command runs without optional packages, and says what an app needs', async () => {
  const { folder, run, install } = await emptyProject()
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const help = await run('swapstream', '--help')
  expect([help.code, help.stderr]).toEqual([0, ''])
  expect(help.stdout).toContain('swapstream add stream NAME')
  const added = await run('swapstream', 'add', 'stream', 'chat', '--fragment')
  expect([added.code, added.stderr]).toEqual([0, ''])
  // Not @hono/node-server: nothing is served here.
  install('zod', 'tsx')
  const routes = await run('swapstream', 'routes', '--app', 'src/app.ts')
  expect([routes.code, routes.stderr]).toEqual([0, ''])
  expect(routes.stdout).toContain('/chat')

  writeFileSync(join(folder, 'src/other.ts'), "import '@nowhere/at-all/part'\n")
  const lacking = await run('swapstream', 'routes', '--app', 'src/other.ts')
  expect([lacking.code, lacking.stderr]).toEqual([
    2,
    'The package @nowhere/at-all is not installed. Install it: npm install @nowhere/at-all.\n',
  ])
})

test('the test of a stream that is added passes with what the command prints', async () => {
  const { run, install } = await emptyProject()
  const added = await run('swapstream', 'add', 'stream', 'chat', '--fragment')
  install(...printedPackages(added.stdout))
  const tested = await run('node', '--import', 'tsx', '--test', 'src/streams/chat.test.ts')
  expect([tested.code, tested.stdout]).toEqual([0, expect.stringContaining('fail 0')])
})
