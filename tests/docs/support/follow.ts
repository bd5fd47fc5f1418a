import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { installOutside } from '../../support/ai-sdk.ts'
import { findProgram } from '../../support/find-program.ts'

/**
 * Follows a guide word by word in an empty folder: writes its files, runs its commands, compares what they print. A file
 * has its name in the sentence before it; a `text` block is what the command before it prints. Only `npm install` asks
 * no registry for what this repository has, and `npx tsx server.ts` listens on a free port, which the commands after it
 * use in place of 3000.
 */
const ROOT = join(import.meta.dirname, '../../..')
const run = promisify(execFile)
const TSX = join(ROOT, 'node_modules/tsx/dist/cli.mjs')

/** True for a guide that is followed; the others are one program each. */
export const isFollowed = (text: string): boolean => !text.includes('<!-- setup')

/** Packages that are no dependencies of ours: from the registry, once for this machine. */
const FOREIGN = ['libsql', '@electric-sql/pglite']

interface Block {
  readonly before: string
  readonly language: string
  readonly text: string
}

const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/([^\n]*)\n\n```(\w+)\n([^]*?)^```$/gm)].map(([, before, language, code]) => ({
    before: before!,
    language: language!,
    text: code!,
  }))

/** The package as users have it: built once for all guides of a test file. */
export async function buildPackage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swapstream-package-'))
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  const build = ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')]
  await run(join(ROOT, 'node_modules/.bin/tsc'), build, { cwd: ROOT })
  for (const part of ['package.json', 'templates', 'public', 'docs/errors.md'])
    await cp(join(ROOT, part), join(folder, part), { recursive: true })
  await mkdir(join(folder, 'node_modules'))
  for (const name of Object.keys(manifest.dependencies))
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  for (const name of ['hono', '@hono/node-server', 'parse5']) {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  return folder
}

export class Follower {
  readonly #built: string
  folder!: string
  #server: ChildProcess | undefined
  #printed = ''
  /** Where the server of the guide listens. */
  url = ''

  constructor(built: string) {
    this.#built = built
  }

  /** Follows one page from its beginning. */
  async follow(page: string): Promise<void> {
    this.folder ??= await mkdtemp(join(tmpdir(), 'swapstream-guide-'))
    for (const { before, language, text } of blocksOf(page)) {
      if (language === 'sh') await this.#run(text)
      else if (language === 'text') expect(this.#printed.trimEnd()).toBe(text.trimEnd())
      else {
        const name = [...before.matchAll(/`([\w./-]+\.\w+)`/g)].at(-1)?.[1]
        if (name === undefined) throw new Error(`No file is named before this:\n${text}`)
        await mkdir(dirname(join(this.folder, name)), { recursive: true })
        await writeFile(join(this.folder, name), text)
      }
    }
  }

  async end(): Promise<void> {
    await this.#stop()
    if (this.folder) await rm(this.folder, { recursive: true })
  }

  /** Runs the commands of one block; a line that ends in a backslash goes on. */
  async #run(text: string): Promise<void> {
    this.#printed = ''
    for (const line of text.replaceAll('\\\n', ' ').trim().split('\n')) {
      const command = line.replace(/\s+# .*$/, '')
      const [, names] = /^npm install (?:--save-dev )?(.+)$/.exec(command) ?? []
      if (names) await this.#install(names.split(' '))
      else if (command === 'npx tsx server.ts') await this.#start()
      else await this.#command(command)
    }
  }

  async #command(command: string): Promise<void> {
    if (/\bcurl\b/.test(command)) findProgram({ names: ['curl'], debian: 'curl', brew: 'curl' })
    const line = command
      .replaceAll('http://localhost:3000', this.url)
      .replaceAll('npx tsx ', `${process.execPath} ${TSX} `)
    const { stdout } = await run('sh', ['-ec', line], { cwd: this.folder, env: this.#env() })
    this.#printed += stdout.replaceAll(this.url || '\0', 'http://localhost:3000')
  }

  #env(): NodeJS.ProcessEnv {
    const { NODE_ENV: _, VITEST: __, ...env } = process.env
    return { ...env, LOG_LEVEL: 'silent', PORT: '0', URL: this.url }
  }

  async #install(names: readonly string[]): Promise<void> {
    const modules = join(this.folder, 'node_modules')
    for (const name of names) {
      const to = join(modules, name)
      await mkdir(dirname(to), { recursive: true })
      await rm(to, { force: true })
      if (name === 'swapstream') await symlink(this.#built, to)
      else if (!FOREIGN.includes(name)) await symlink(join(ROOT, 'node_modules', name), to)
      else await symlink(join(await installOutside('databases', FOREIGN), 'node_modules', name), to)
    }
  }

  async #start(): Promise<void> {
    await this.#stop()
    const server = spawn(process.execPath, ['--import', 'tsx', 'server.ts'], {
      cwd: this.folder,
      env: this.#env(),
    })
    this.#server = server
    let output = ''
    this.url = await new Promise<string>((resolve, reject) => {
      const listen = (data: Buffer): void => {
        output += data
        const found = /http:\/\/localhost:\d+/.exec(output)
        if (found) resolve(found[0])
      }
      server.stdout.on('data', listen)
      server.stderr.on('data', listen)
      server.once('exit', () => reject(new Error(`The server did not start:\n${output}`)))
    })
  }

  async #stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server || server.exitCode !== null) return
    const gone = once(server, 'close')
    server.kill()
    await gone
  }
}
