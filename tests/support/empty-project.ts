import { execFile, spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

export interface EmptyProject {
  readonly folder: string
  /** Adds packages, as `npm install` does. */
  install(...names: readonly string[]): void
  /** The same project, with programs that run in a folder of it. */
  inside(folder: string): EmptyProject
  /** Runs a program of the project to its end. */
  run(program: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>
  /** Starts one that serves, and gives its address. */
  start(program: string, ...args: string[]): Promise<string>
}

/** The packages that npm installs with swapstream: a missing one is missed here, too. */
const COME_WITH_IT = [
  ...Object.keys(manifest.dependencies),
  ...Object.keys(manifest.peerDependencies).filter(
    (name) => !(name in manifest.peerDependenciesMeta),
  ),
]

/**
 * Makes empty folders in which swapstream is installed as users have it: built, with its bin, with the packages that come
 * with it, and nothing of the sources. All ends with the test.
 */
export function useEmptyProject(): () => Promise<EmptyProject> {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swapstream-project-'))
    ends.push(() => rmSync(folder, { recursive: true }))
    const modules = join(folder, 'node_modules')
    const own = join(modules, 'swapstream')
    const bin = join(modules, '.bin')
    for (const made of [own, bin]) mkdirSync(made, { recursive: true })
    const install = (...names: readonly string[]): void => {
      for (const name of names) {
        const at = join(modules, name)
        mkdirSync(dirname(at), { recursive: true })
        if (!existsSync(at)) symlinkSync(resolve('node_modules', name), at)
      }
    }
    install(...COME_WITH_IT)
    for (const part of ['package.json', 'templates', 'public'])
      cpSync(part, join(own, part), { recursive: true })
    // Its types are checked elsewhere.
    const build = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(own, 'dist')]
    await promisify(execFile)(resolve('node_modules/.bin/tsc'), build)
    const command = join(own, 'dist/cli/swapstream.js')
    chmodSync(command, 0o755)
    symlinkSync(command, join(bin, 'swapstream'))
    for (const name of ['tsx', 'tsc'])
      symlinkSync(resolve('node_modules/.bin', name), join(bin, name))

    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, PORT: '0' }
    for (const name of ['NODE_ENV', 'VITEST', 'NODE_OPTIONS'])
      delete (env as NodeJS.ProcessEnv)[name]
    const spawned = (cwd: string, program: string, args: readonly string[]) => {
      const child = spawn(program, args, { cwd, env })
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (data) => (said.stdout += data))
      child.stderr.on('data', (data) => (said.stderr += data))
      const ended = new Promise<number>((done) => child.on('close', (code) => done(code ?? -1)))
      return { child, said, ended }
    }
    const inside = (cwd: string): EmptyProject => ({
      folder: cwd,
      install,
      inside: (name) => inside(join(cwd, name)),
      async run(program, ...args) {
        const { said, ended } = spawned(cwd, program, args)
        return { code: await ended, ...said }
      },
      start(program, ...args) {
        const { child, said, ended } = spawned(cwd, program, args)
        ends.push(() => {
          child.kill()
          return ended
        })
        return new Promise((listening, failed) => {
          child.stdout.on('data', () => {
            const url = /http:\/\/localhost:\d+/.exec(said.stdout)
            if (url) listening(url[0])
          })
          void ended.then(() => failed(new Error(`It ended: ${said.stdout}${said.stderr}`)))
        })
      },
    })
    return inside(folder)
  }
}

/** The packages that a command says to install. */
export function printedPackages(output: string): string[] {
  const lines = [...output.matchAll(/npm install (?:-D )?(.+)$/gm)]
  return lines.flatMap(([, names]) => names!.trim().split(/\s+/))
}
