import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { createInterface, type Interface } from 'node:readline/promises'
import { modelNeeds, type ModelNeeds } from '../node/model-providers.ts'
import { packageFolder } from '../node/package-files.ts'
import { didYouMean, withoutDocs } from '../shared/errors.ts'
import { unusable } from './findings.ts'

/** The answers to the questions. What is left out is asked for on a terminal, else it has its default. */
export interface NewOptions {
  /** Default `chat`. */
  readonly kind?: string
  /** `none`, a script, or `provider:model`. Default `none`. */
  readonly model?: string
  /** Default `memory`. */
  readonly store?: string
  /** Ask nothing. */
  readonly yes?: boolean
  /** Where to ask. Default: the terminal of the process, if it has one. */
  readonly terminal?: Terminal
  /** Where the command runs. Default: the folder of the process. */
  readonly root?: string
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

export interface NewApp {
  /** The new files, from where the command runs. */
  readonly written: readonly string[]
  /** The steps that are left to do by hand. */
  readonly next: readonly string[]
}

/** Each kind with its sentence, its own packages, and which of the other two questions it has a use for. */
const KINDS: Readonly<
  Record<string, { is: string; packages?: readonly string[]; asks: readonly string[] }>
> = {
  chat: { is: 'a chat that remembers', asks: ['model', 'store'] },
  documents: {
    is: 'answers over documents: a folder of Markdown',
    packages: ['minisearch'],
    asks: ['model', 'store'],
  },
  dashboard: {
    is: 'a dashboard: live numbers, and a form',
    packages: ['zod'],
    asks: ['store'],
  },
  blank: { is: 'blank: one page, one stream', asks: ['model'] },
}

/** Each store with its sentence, and its package. */
const STORES: Readonly<Record<string, { is: string; package?: string }>> = {
  memory: { is: 'in memory: nothing to install' },
  redis: { is: 'in Redis: it outlives the server, and several servers share it', package: 'redis' },
}

const RUNS_WITH = ['hono', '@hono/node-server']
const MADE_WITH = ['@types/node', 'parse5', 'tsx', 'typescript']

/** Folders of `templates/new` whose files are stored under another name: npm would not pack them. */
const HIDDEN: Readonly<Record<string, string>> = {
  gitignore: '.gitignore',
  dockerignore: '.dockerignore',
  'env.example': '.env.example',
}

/**
 * Writes a new app into a folder of its own: a program, its tests, a Dockerfile. Nothing is installed.
 *
 * In      the folder; its last part is the app's name.
 * Throws  ConfigError `config/invalid` for a name, kind, model or store that cannot be used, and for a folder that has
 *         files; then nothing is written.
 */
export async function newApp(folder: string, options: NewOptions = {}): Promise<NewApp> {
  const { root = process.cwd() } = options
  const path = resolve(root, folder)
  const name = basename(path)
  checkName(folder, name)
  checkFolder(path, folder)
  const { kind, model, store } = await answersOf(options)
  const files = filesOf(kind, model, store, name)
  for (const [file, text] of files) {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), text)
  }
  const from = relative(root, path)
  const cd = from === '' ? [] : [`cd ${/^[\w./@-]+$/.test(from) ? from : JSON.stringify(from)}`]
  return {
    written: [...files.keys()].map((file) => join(from, file)),
    next: [...cd, 'npm install', 'npm start'],
  }
}

interface Answers {
  readonly kind: string
  readonly model: ModelNeeds | undefined
  readonly store: string
}

/** The options, and answers to what they leave open where a terminal can be asked. */
async function answersOf(options: NewOptions): Promise<Answers> {
  const { kind, model, store } = options
  if (kind !== undefined) choiceOf('kind', KINDS, kind)
  if (store !== undefined) choiceOf('store', STORES, store)
  if (model !== undefined) modelOf(model)
  const terminal = options.yes ? undefined : (options.terminal ?? ownTerminal())
  const questions = terminal && new Questions(terminal)
  try {
    const chosen = kind ?? (await questions?.choice('What is it?', 'kind', KINDS)) ?? 'chat'
    const has = (question: string): boolean => KINDS[chosen]!.asks.includes(question)
    const writer = model ?? (has('model') && (await questions?.model()))
    const stored =
      store ?? (has('store') && (await questions?.choice('What stores?', 'store', STORES)))
    return { kind: chosen, model: modelOf(writer || 'none'), store: stored || 'memory' }
  } finally {
    questions?.close()
  }
}

function ownTerminal(): Terminal | undefined {
  const { stdin: input, stdout: output } = process
  return input.isTTY && output.isTTY ? { input, output } : undefined
}

/** Asks on a terminal, again until the answer can be used. */
class Questions {
  readonly #terminal: Interface
  readonly #output: NodeJS.WritableStream
  /** Stores lines that come before their question: an answer may be pasted. */
  readonly #lines: AsyncIterator<string>

  constructor({ input, output }: Terminal) {
    this.#output = output
    this.#terminal = createInterface({ input, output })
    this.#lines = this.#terminal[Symbol.asyncIterator]()
  }

  /** Asks for one of a list, by its number or its name; the first is the default. */
  choice(title: string, option: string, list: Readonly<Record<string, { is: string }>>) {
    const names = Object.keys(list)
    const lines = names.map((name, n) => `  ${n + 1}  ${name.padEnd(10)} ${list[name]!.is}\n`)
    return this.#ask(`${title}\n${lines.join('')}`, `1-${names.length} [1]: `, (text) => {
      const name = text === '' ? names[0]! : (names[Number(text) - 1] ?? text)
      choiceOf(option, list, name)
      return name
    })
  }

  model(): Promise<string> {
    const title = 'Which model answers?\n  none, a script; or provider:model, openai:gpt-4.1-mini\n'
    return this.#ask(title, '[none]: ', (text) => {
      modelOf(text || 'none')
      return text || 'none'
    })
  }

  /** Throws  ConfigError when the terminal is closed instead, by Ctrl+C or Ctrl+D. */
  async #ask(title: string, prompt: string, read: (text: string) => string): Promise<string> {
    this.#output.write(title)
    this.#terminal.setPrompt(prompt)
    for (;;) {
      this.#terminal.prompt()
      const { done, value } = await this.#lines.next()
      if (done) throw unusable('Nothing is written.', 'Give flags instead: swapstream new --help.')
      try {
        return read(value.trim())
      } catch (error) {
        this.#output.write(`${withoutDocs(error)}\n`)
      }
    }
  }

  close(): void {
    this.#terminal.close()
  }
}

function choiceOf(option: string, list: object, name: string): void {
  if (Object.hasOwn(list, name)) return
  throw unusable(
    `There is no ${option} "${name}" ${didYouMean(name, Object.keys(list))}.`,
    `Choose one: --${option} ${Object.keys(list)[0]}.`,
  )
}

function modelOf(name: string): ModelNeeds | undefined {
  return name === 'none' ? undefined : modelNeeds(name, '--model')
}

function checkName(folder: string, name: string): void {
  const taken = [...RUNS_WITH, ...MADE_WITH, 'swapstream', 'node_modules', 'zod', 'redis', 'ai']
  const isUsed = [...taken, 'minisearch'].includes(name)
  if (folder !== '' && /^[a-z\d][a-z\d._-]{0,99}$/.test(name) && !isUsed) return
  const near = name
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z\d._-]+/g, '-')
    .replace(/^[-._]+|[-._]+$/g, '')
    .slice(0, 99)
  const meant = folder === '' || near === '' || isUsed ? 'my-app' : near
  const what = folder === '' ? 'An app needs a name.' : `"${name}" is no name for an app.`
  const why = isUsed ? 'A package of the app has it' : 'Use small letters, digits, ".", "_" and "-"'
  throw unusable(what, `${why}: swapstream new ${meant}.`)
}

function checkFolder(path: string, folder: string): void {
  if (!existsSync(path)) return
  if (!statSync(path).isDirectory())
    throw unusable(`"${folder}" is a file.`, 'Choose another name.')
  // What a repository begins with may be there.
  const files = readdirSync(path).filter((file) => !['.git', '.DS_Store'].includes(file))
  if (files.length === 0) return
  const shown = files.slice(0, 3).join(', ') + (files.length > 3 ? ', …' : '')
  throw unusable(`The folder "${folder}" is not empty: it has ${shown}.`, 'Choose another name.')
}

/** The files of an app by their paths: those of its parts, one part after the other. */
function filesOf(
  kind: string,
  model: ModelNeeds | undefined,
  store: string,
  name: string,
): Map<string, string> {
  const answers = KINDS[kind]!.asks.length > 1
  const hasModel = model !== undefined || KINDS[kind]!.asks.includes('model')
  const hasStore = store !== 'memory' || KINDS[kind]!.asks.includes('store')
  const parts = [
    kind,
    ...(answers ? ['answers'] : []),
    ...(hasModel ? ['model'] : []),
    ...(hasStore ? ['store', `store-${store}`] : []),
    'app',
  ]
  const files = new Map<string, string>()
  for (const part of parts) {
    const folder = join(packageFolder!, 'templates/new', part)
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
      if (statSync(join(folder, file)).isDirectory()) continue
      const path = HIDDEN[file] ?? file
      const text = named(readFileSync(join(folder, file), 'utf8'), name, model)
      // What several parts have is one file.
      files.set(path, (files.get(path) ?? '') + text)
    }
  }
  return files.set('package.json', manifestOf(kind, model, store, name))
}

function named(text: string, name: string, model: ModelNeeds | undefined): string {
  const title = name.replace(/[-._]+/g, ' ').trim()
  const needs = model ?? modelNeeds('openai:gpt-4.1-mini', '--model')
  // Without a model the lines are there to be filled in, and its packages to be installed.
  const hidden = model ? '' : '# '
  return text
    .replace('sample-install\n', model ? '' : `npm install ${installable(needs).join(' ')}\n`)
    .replace('MODEL=sample-model\nSAMPLE', () => `${hidden}MODEL=${needs.name}\n${hidden}SAMPLE`)
    .replaceAll('SAMPLE_VARIABLE', needs.variable)
    .replaceAll('sample-name', name)
    .replaceAll('Sample name', () => title[0]!.toUpperCase() + title.slice(1))
}

function installable({ packages }: ModelNeeds): string[] {
  return Object.entries(packages).map(([name, range]) => `${name}@${range}`)
}

/** The `package.json`, with the versions that swapstream itself is tested with. */
function manifestOf(
  kind: string,
  model: ModelNeeds | undefined,
  store: string,
  name: string,
): string {
  const own = JSON.parse(readFileSync(join(packageFolder!, 'package.json'), 'utf8'))
  const rangeOf = (each: string): string => own.devDependencies[each] ?? own.peerDependencies[each]
  const ranges = (names: readonly string[]) => names.map((each) => [each, rangeOf(each)] as const)
  const sorted = (entries: readonly (readonly [string, string])[]) =>
    Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const storePackage = STORES[store]!.package
  const manifest = {
    name,
    private: true,
    type: 'module',
    engines: own.engines,
    scripts: {
      start: 'tsx src/server.ts',
      dev: 'tsx watch src/server.ts',
      test: 'tsx --test src/*.test.ts',
      check: 'tsc --noEmit && swapstream check --app src/server.ts',
      build: 'tsc',
    },
    dependencies: sorted([
      ...ranges([...RUNS_WITH, ...(KINDS[kind]!.packages ?? [])]),
      ...(storePackage ? ranges([storePackage]) : []),
      ...Object.entries(model?.packages ?? {}),
      ['swapstream', `^${own.version}`],
    ]),
    devDependencies: sorted(ranges(MADE_WITH)),
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}
