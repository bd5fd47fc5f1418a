import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import { installOutside } from '../../support/ai-sdk.ts'
import { findProgram } from '../../support/find-program.ts'

/**
 * Follows a guide word by word in an empty folder: writes its files, runs its commands, compares what they print. A file
 * has its name in the sentence before it; a `text` block is what the command before it prints. Only `npm install` asks
 * no registry for what this repository has, `npx tsx server.ts` listens on a free port, which the commands after it use
 * in place of 3000, a test file runs in one process in place of three, and npm makes one `package.json` for all guides.
 */
const ROOT = join(import.meta.dirname, '../../..')
const run = promisify(execFile)

/** True for a guide that is followed; the others are one program each, but for the one whose tests are in tests/runtimes. */
export const isFollowed = (text: string): boolean => text.includes(INIT)

/** What npm makes of an empty folder, once for all guides: the same but for its name. */
const INIT = 'npm init -y && npm pkg set type=module'
let initialized: string | undefined

/** Packages that are no dependencies of ours: from the registry, once for this machine. */
const FOREIGN = ['libsql', '@electric-sql/pglite']

interface Block {
  readonly before: string
  readonly language: string
  readonly text: string
}

export const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/([^\n]*)\n\n```(\w+)\n([^]*?)^```$/gm)].map(([, before, language, code]) => ({
    before: before!,
    language: language!,
    text: code!,
  }))

/** The name of the file that a block is, by the sentence before it. */
export function fileOf({ before, text }: Block): string {
  const name = [...before.matchAll(/`([\w./-]+\.\w+)`/g)].at(-1)?.[1]
  if (name === undefined) throw new Error(`No file is named before this:\n${text}`)
  return name
}

export class Follower {
  folder!: string
  #server: ChildProcess | undefined
  #printed = ''
  /** Where the server of the guide listens. */
  url = ''

  /** Follows one page from its beginning. */
  async follow(page: string): Promise<void> {
    this.folder ??= await mkdtemp(join(tmpdir(), 'swapstream-guide-'))
    for (const block of blocksOf(page)) {
      const { language, text } = block
      if (language === 'sh') await this.#run(text)
      else if (language === 'text') assert.equal(this.#printed.trimEnd(), text.trimEnd())
      else {
        const name = fileOf(block)
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
      else if (command === INIT) await this.#init()
      else await this.#command(command)
    }
  }

  async #init(): Promise<void> {
    const file = join(this.folder, 'package.json')
    if (initialized !== undefined) return writeFile(file, initialized)
    await this.#command(INIT)
    initialized = await readFile(file, 'utf8')
  }

  async #command(command: string): Promise<void> {
    if (/\bcurl\b/.test(command)) findProgram({ names: ['curl'], debian: 'curl', brew: 'curl' })
    const line = command
      .replaceAll('http://localhost:3000', this.url)
      .replace(/npx tsx (?:--test )?/g, `${process.execPath} --import tsx `)
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
      if (name === 'swapstream') await symlink(inject('programs'), to)
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
