import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../shared/errors.ts'

export interface AddStreamOptions {
  /** For htmx: a page with a form, and the stream that draws the answer into it. Otherwise for programs. */
  readonly fragment?: boolean
  /** Write over a stream of that name. */
  readonly force?: boolean
  /** The folder of the app's code. Default `src`. */
  readonly dir?: string
  /** The folder of the project. Default: where the command runs. */
  readonly root?: string
}

export interface AddedStream {
  /** The files that were written, from the folder of the project. */
  readonly written: readonly string[]
  /** What is left to do by hand. */
  readonly next: readonly string[]
}

const RUNS_WITH = ['hono', '@hono/node-server', 'swapstream', 'zod']
const MADE_WITH = ['@types/node', 'tsx', 'typescript']

/**
 * Adds a declared stream to an app: its code, a test, with `fragment` its template, and one line in the list of streams.
 * In a folder without an app it writes that, too.
 *
 * Throws  ConfigError `config/invalid` for a name that cannot be used, and for files that are there already; then
 *         nothing was written.
 */
export function addStream(name: string, options: AddStreamOptions = {}): AddedStream {
  const { fragment = false, force = false, dir = 'src', root = process.cwd() } = options
  checkName(name)
  const textOf = (file: string): string | undefined =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined
  const manifest = textOf('package.json') ?? ''
  const compiler = textOf('tsconfig.json')
  // A compiler that may not import .ts files finds them behind .js.
  const hidesTs =
    compiler !== undefined && !/"(?:allowImporting|rewriteRelativeImport)\w+"/.test(compiler)
  const inProject = (text: string): string => {
    const imports = hidesTs ? text.replace(/(from '\.[^']*)\.ts'/g, "$1.js'") : text
    return manifest.includes('"vitest"') ? imports.replace("'node:test'", "'vitest'") : imports
  }
  const sample = (file: string): string => inProject(named(name, scaffold(file)))

  const kind = fragment ? 'fragment' : 'stream'
  const files = new Map([
    [join(dir, 'streams', `${name}.ts`), sample(`${kind}.ts`)],
    [join(dir, 'streams', `${name}.test.ts`), sample(`${kind}.test.ts`)],
  ])
  if (fragment) files.set(join('templates', `${name}.html`), sample('fragment.html'))
  const taken = [...files.keys()].filter((file) => existsSync(join(root, file)))
  if (taken.length > 0 && !force) {
    throw new ConfigError('config/invalid', `There is ${taken.join(' and ')} already.`, {
      hint: 'Choose another name, or write over it with --force.',
    })
  }

  const index = join(dir, 'streams', 'index.ts')
  const list = textOf(index) ?? '/** What the app serves: one line for each stream. */\n'
  const line = inProject(`export { routes as ${camelCase(name)} } from './${name}.ts'\n`)
  if (!list.includes(line)) files.set(index, list.replace(/\n*$/, '\n') + line)

  const app = textOf(join(dir, 'app.ts'))
  const around = {
    ...(app === undefined && {
      [join(dir, 'app.ts')]: inProject(scaffold('app.ts')),
      [join(dir, 'server.ts')]: inProject(scaffold('server.ts')),
      [join('templates', 'index.html')]: scaffold('index.html'),
    }),
    'package.json': scaffold('manifest.json').replaceAll('src/', `${dir}/`),
    'tsconfig.json': scaffold('compiler.json').replace('"src"', JSON.stringify(dir)),
  }
  for (const [file, text] of Object.entries(around))
    if (!existsSync(join(root, file))) files.set(file, text)

  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return { written: [...files.keys()], next: nextSteps(manifest, app, index) }
}

function checkName(name: string): void {
  if (/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(name) && name !== 'index') return
  const what = name === '' ? 'A stream needs a name.' : `"${name}" is no name for a stream.`
  const near = name
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .replace(/^[-\d]+|-+$/g, '')
  const meant = near === '' || near === 'index' ? 'live-feed' : near
  throw new ConfigError('config/invalid', what, {
    hint: `Use small letters, digits and "-", and not "index": swapstream add stream ${meant}.`,
  })
}

function nextSteps(manifest: string, app: string | undefined, index: string): string[] {
  const missing = (packages: readonly string[], install: string): string[] => {
    const names = packages.filter((each) => !manifest.includes(`"${each}"`))
    return names.length === 0 ? [] : [`${install} ${names.join(' ')}`]
  }
  const steps = [...missing(RUNS_WITH, 'npm install'), ...missing(MADE_WITH, 'npm install -D')]
  if (manifest !== '' && !/"type":\s*"module"/.test(manifest)) steps.push('npm pkg set type=module')
  if (app !== undefined && !app.includes('streams/index'))
    steps.push(
      `serve what ${index} lists: for (const routes of Object.values(streams)) app.route('/', routes)`,
    )
  return steps
}

/** A sample with the stream's own name in it, in each of its spellings. */
function named(name: string, text: string): string {
  const camel = camelCase(name)
  const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1)
  return text
    .replaceAll('sample-name', name)
    .replaceAll('sampleName', camel)
    .replaceAll('SampleName', capital(camel))
    .replaceAll('Sample name', capital(name).replaceAll('-', ' '))
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** Two folders up from here in both shapes of the package: `src/cli/` and `dist/cli/`. */
function scaffold(file: string): string {
  return readFileSync(new URL(`../../templates/scaffold/${file}`, import.meta.url), 'utf8')
}
