/**
 * swapstream beside its rivals. Installs what the bench needs, builds the package as users get it, and runs it all:
 *
 *     npm run bench -- --write                every scenario, three rounds, a quarter of an hour: docs/performance.md
 *     npm run bench -- load,idle --rounds 5   some of them
 *     npm run bench -- --quick                only whether it works
 *     npm run bench -- demo                   none of that: 80 questions to the demo, and how many it answers
 *
 * `--rivals raw,swapstream` leaves the others out, `--json FILE` keeps every round.
 *
 * `task/` is the same for every rival: the tokens, the templates, the request. `rivals/` has a file for each of them.
 * `load/` has servers in processes of their own, and clients on bare sockets. `scenarios/` is what is measured,
 * `report/` how it is written down.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { findChromium } from '../scripts/chromium.ts'
import { pinned } from './load/server.ts'

const bench = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))

function sh(command: string, args: readonly string[], cwd: string, env = {}): void {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (status !== 0) process.exit(status ?? 1)
}

if (process.argv[2] === 'demo') {
  const demo = ['--conditions=source', '--import', 'tsx', `${bench}demo/run.ts`]
  sh(process.execPath, [...demo, ...process.argv.slice(3)], root)
  process.exit()
}

if (!existsSync(new URL('node_modules/swapstream', import.meta.url)))
  sh('npm', ['ci', '--no-audit', '--no-fund'], bench)
sh('npm', ['run', '--silent', 'build'], root)
sh('npx', ['tsc', '-p', 'bench'], root)

const core = cpus().length - 1
const [program, args] = pinned(core, [
  process.execPath,
  `${bench}dist/run.js`,
  ...process.argv.slice(2),
])
sh(program, args, root, { CHROMIUM: findChromium() })
