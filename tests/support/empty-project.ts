import { execFile, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach } from 'vitest'

export interface EmptyProject {
  readonly folder: string
  /** Runs a program of the project to its end. */
  run(program: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>
  /** Starts one that serves, and gives its address. */
  start(program: string, ...args: string[]): Promise<string>
}

/**
 * Makes empty folders in which swapstream is installed as users have it: built, with its bin, and nothing of the
 * sources. What else is installed are the packages of this repository, but for those (and scopes) to do without. All
 * ends with the test.
 */
export function useEmptyProject(): (without?: readonly string[]) => Promise<EmptyProject> {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })
  return async (without = []) => {
    const folder = mkdtempSync(join(tmpdir(), 'swapstream-project-'))
    ends.push(() => rmSync(folder, { recursive: true }))
    const modules = join(folder, 'node_modules')
    const own = join(modules, 'swapstream')
    const bin = join(modules, '.bin')
    for (const made of [own, bin]) mkdirSync(made, { recursive: true })
    for (const name of readdirSync('node_modules'))
      if (!name.startsWith('.') && !without.includes(name))
        symlinkSync(resolve('node_modules', name), join(modules, name))
    for (const part of ['package.json', 'templates', 'public'])
      cpSync(part, join(own, part), { recursive: true })
    const build = ['-p', 'tsconfig.build.json', '--outDir', join(own, 'dist')]
    await promisify(execFile)(resolve('node_modules/.bin/tsc'), build)
    const command = join(own, 'dist/cli/swapstream.js')
    chmodSync(command, 0o755)
    symlinkSync(command, join(bin, 'swapstream'))
    for (const name of ['tsx', 'tsc'])
      symlinkSync(resolve('node_modules/.bin', name), join(bin, name))

    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, PORT: '0' }
    for (const name of ['NODE_ENV', 'VITEST', 'NODE_OPTIONS'])
      delete (env as NodeJS.ProcessEnv)[name]
    const spawned = (program: string, args: readonly string[]) => {
      const child = spawn(program, args, { cwd: folder, env })
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (data) => (said.stdout += data))
      child.stderr.on('data', (data) => (said.stderr += data))
      const ended = new Promise<number>((done) => child.on('close', (code) => done(code ?? -1)))
      return { child, said, ended }
    }
    return {
      folder,
      async run(program, ...args) {
        const { said, ended } = spawned(program, args)
        return { code: await ended, ...said }
      },
      start(program, ...args) {
        const { child, said, ended } = spawned(program, args)
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
    }
  }
}
