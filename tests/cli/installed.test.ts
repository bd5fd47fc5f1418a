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
    // A name of the manifest's own imports is the package of the same name.
    else found.add(/^(?:@[^/]+\/)?[^/]+/.exec(name!.replace('#', ''))![0])
  }
  return found
}

test('the command needs no package that is not installed with swapstream', () => {
  const comesWith = new Set([...Object.keys(manifest.dependencies), 'hono'])
  const isThere = (name: string): boolean =>
    name.startsWith('node:') || builtinModules.includes(name) || comesWith.has(name)
  const needed = [...packagesOf('src/cli/command.ts')]
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
  writeFileSync(join(folder, 'src/old.cjs'), "require('@nowhere/at-all/part')")
  for (const file of ['src/other.ts', 'src/old.cjs']) {
    const lacking = await run('swapstream', 'routes', '--app', file)
    expect([lacking.code, lacking.stderr]).toEqual([
      2,
      'The package @nowhere/at-all is not installed. Install it: npm install @nowhere/at-all.\n',
    ])
  }
})

test('the test of a stream that is added passes with what the command prints', async () => {
  const { run, install, start } = await emptyProject()
  const added = await run('swapstream', 'add', 'stream', 'live-feed', '--fragment')
  install(...printedPackages(added.stdout))
  const [program = '', ...args] = added.stdout.trim().split('next: ').at(-1)!.split(' ')
  const tested = await run(program, ...args)
  expect([tested.code, tested.stdout]).toEqual([0, expect.stringContaining('fail 0')])

  await run('swapstream', 'add', 'stream', 'report')
  const url = await start('node', '--import', 'tsx', 'src/server.ts')
  const index = await (await fetch(url)).text()
  expect(index).toContain('<li>POST /report</li>')
  const [, page] = /<a href="([^"]+)">/.exec(index) ?? []
  expect((await fetch(url + page)).status).toBe(200)
})

/** Lets Node find no hono, wherever the folders above have one. */
const NO_HONO = `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(\`export async function resolve(name, context, next) {
  if (name.split('/')[0] !== 'hono') return next(name, context)
  throw Object.assign(new Error("Cannot find package 'hono' imported from here"), { code: 'ERR_MODULE_NOT_FOUND' })
}\`))`

test('without hono each command says in one line what to install', async () => {
  const { folder, run } = await emptyProject()
  writeFileSync(join(folder, 'no-hono.mjs'), NO_HONO)
  for (const command of ['new', 'check', 'explain']) {
    const args = ['--import', './no-hono.mjs', 'node_modules/.bin/swapstream', command, 'x']
    expect(await run('node', ...args)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'The package hono is not installed. Install it: npm install hono.\n',
    })
  }
})
