import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { inject } from 'vitest'
import { installed, type RuntimePackage } from '../../../scripts/install-runtimes.ts'
import { bundle } from '../../../src/cli/bundle.ts'

/** A server of the app, in a process of its own. */
export interface Served {
  readonly url: string
  readonly version: string
  /** The process; a signal asks it to stop. */
  readonly process: ChildProcess
}

export interface Runtime {
  readonly name: string
  /** The npm package that brings it, with its version. */
  readonly from: RuntimePackage
  /** What cannot be promised there, and why. */
  readonly lacks: Readonly<Record<string, string>>
  start(): Promise<Served>
}

const TEMPLATES = resolve('tests/runtimes/support/templates')
const NO_SHUTDOWN = 'the server of this runtime stops by itself; `serve` is for Node'

export const RUNTIMES: readonly Runtime[] = [
  ...(['node@20', 'node@22', 'node@24', 'node@latest'] as const).map((from): Runtime => {
    const name = `Node ${from === 'node@latest' ? '(newest)' : from.slice(5)}`
    return { name, from, lacks: {}, start: () => run(from, 'node', [], 'node.js') }
  }),
  {
    name: 'Bun',
    from: 'bun@1.4',
    lacks: { shutdown: NO_SHUTDOWN },
    start: () => run('bun@1.4', 'bun', [], 'bun.js'),
  },
  {
    name: 'Deno',
    from: 'deno@2',
    lacks: { shutdown: NO_SHUTDOWN },
    start: () => run('deno@2', 'deno', ['run', '-A', '--node-modules-dir=manual'], 'deno.js'),
  },
  {
    name: 'Cloudflare Workers (workerd)',
    from: 'miniflare@4',
    lacks: { shutdown: NO_SHUTDOWN },
    start: startWorker,
  },
  {
    name: 'AWS Lambda (response streaming)',
    from: 'node@22',
    lacks: {
      shutdown: 'Lambda ends it',
      leaving: 'Lambda does not tell that a client has left',
    },
    start: () => run('node@22', 'node', [], 'lambda-server.js'),
  },
]

async function run(
  from: RuntimePackage,
  name: string,
  args: string[],
  file: string,
): Promise<Served> {
  const program = join(installed(from), name)
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' })
  const script = join(inject('programs'), 'tests/runtimes/support', file)
  return listening(spawn(program, [...args, script, TEMPLATES]), version)
}

/** Bundles the app with its templates, as a user does for Workers, and serves it on the real workerd. */
async function startWorker(): Promise<Served> {
  const modules = join(installed('miniflare@4'), '..')
  const here = join(inject('programs'), 'tests/runtimes/support')
  await mkdir(here, { recursive: true })
  bundle({ templates: TEMPLATES, out: join(here, 'bundle.js') })
  const out = join(here, 'worker-bundled.js')
  await build({
    entryPoints: [join(here, 'worker.js')],
    outfile: out,
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker'],
    logLevel: 'error',
  })
  const server = join(here, 'worker-server.js')
  return listening(spawn(process.execPath, [server, modules, out]), '')
}

async function listening(child: ChildProcess, version: string): Promise<Served> {
  let said = ''
  const url = await new Promise<string>((found, failed) => {
    const read = (data: unknown): void => {
      said += String(data)
      const port = /(?:LISTEN |localhost:)(\d+)/.exec(said)?.[1]
      if (port) found(`http://127.0.0.1:${port}`)
    }
    child.stdout!.on('data', read)
    child.stderr!.on('data', read)
    child.on('close', (code) => failed(new Error(`It ended with ${code}: ${said}`)))
  })
  const found = /VERSION (\S+)/.exec(said)?.[1] ?? version.match(/\d+\.\d+\.\d+/)?.[0] ?? ''
  return { url, version: found, process: child }
}

/** Ends the process, if it has not ended. */
export async function end({ process: child }: Served): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
