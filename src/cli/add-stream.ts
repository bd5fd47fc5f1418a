import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { unusable } from './findings.ts'

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
  /** The new files, from the folder of the project. */
  readonly written: readonly string[]
  /** The steps that are left to do by hand. */
  readonly next: readonly string[]
}

const RUNS_WITH = ['hono', '@hono/node-server', 'swapstream', 'zod']
const MADE_WITH = ['@types/node', 'tsx', 'typescript']

/**
 * Adds a declared stream to an app: its code, a test, with `fragment` its template, and one line in the list of streams.
 * In a folder without an app it writes that, too.
 *
 * Throws  ConfigError `config/invalid` for a name that cannot be used, and for files that are there already; then
 *         nothing is written.
 */
export function addStream(name: string, options: AddStreamOptions = {}): AddedStream {
  const { fragment = false, force = false, dir = 'src', root = process.cwd() } = options
  checkName(name)
  const exists = (file: string): boolean => existsSync(join(root, file))
  const textOf = (file: string): string | undefined =>
    exists(file) ? readFileSync(join(root, file), 'utf8') : undefined
  const manifest = textOf('package.json') ?? ''
  const compiler = textOf('tsconfig.json') ?? '"allowImportingTsExtensions"'
  const inProject = (text: string): string => {
    // A compiler that may not import .ts files finds them behind .js.
    const readsTs = /"(?:allowImporting|rewriteRelativeImport)\w+"/.test(compiler)
    const imports = readsTs ? text : text.replace(/(from '\.[^']*)\.ts'/g, "$1.js'")
    return manifest.includes('"vitest"') ? imports.replace("'node:test'", "'vitest'") : imports
  }
  const sample = (file: string): string => inProject(named(name, scaffold(file)))

  const kind = fragment ? 'fragment' : 'stream'
  const files = new Map([
    [join(dir, 'streams', `${name}.ts`), sample(`${kind}.ts`)],
    [join(dir, 'streams', `${name}.test.ts`), sample(`${kind}.test.ts`)],
  ])
  if (fragment) files.set(join('templates', `${name}.html`), sample('fragment.html'))
  const present = [...files.keys()].filter(exists).join(' and ')
  if (present !== '' && !force)
    throw unusable(
      `There is ${present} already.`,
      'Choose another name, or write over it with --force.',
    )

  const index = join(dir, 'streams', 'index.ts')
  const list = textOf(index) ?? '/** The streams that the app serves, each in one line. */\n'
  const line = inProject(`export { routes as ${camelCase(name)} } from './${name}.ts'\n`)
  if (!list.includes(line)) files.set(index, list.replace(/\n*$/, '\n') + line)

  const app = textOf(join(dir, 'app.ts'))
  const add = (file: string, text: string): unknown => exists(file) || files.set(file, text)
  if (app === undefined) {
    add(join(dir, 'app.ts'), inProject(scaffold('app.ts')))
    add(join(dir, 'server.ts'), inProject(scaffold('server.ts')))
    add(join('templates', 'index.html'), scaffold('index.html'))
  }
  add('package.json', scaffold('manifest.json').replaceAll('src/', `${dir}/`))
  add('tsconfig.json', scaffold('compiler.json').replace('"src"', JSON.stringify(dir)))

  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const next = nextSteps(manifest, app, index, fragment)
  const test = join(dir, 'streams', `${name}.test.ts`)
  const tests = manifest.includes('"vitest"') ? 'npx vitest run' : 'node --import tsx --test'
  // The index page that came with the first stream links each page by itself.
  const isLinked = app === undefined || app.includes('streamRoutes')
  if (fragment && !isLinked) next.push(`link its page: <a href="/${name}">${titleOf(name)}</a>`)
  return { written: [...files.keys()], next: [...next, `${tests} ${test}`] }
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
  const hint = `Use small letters, digits and "-", and not "index": swapstream add stream ${meant}.`
  throw unusable(what, hint)
}

function nextSteps(
  manifest: string,
  app: string | undefined,
  index: string,
  fragment: boolean,
): string[] {
  const steps: string[] = []
  const install = (command: string, packages: readonly string[]): void => {
    const names = packages.filter((each) => !manifest.includes(`"${each}"`))
    if (names.length > 0) steps.push(`${command} ${names.join(' ')}`)
  }
  install('npm install', RUNS_WITH)
  // Its test reads frames with `swapstream/testing`.
  install('npm install -D', fragment ? [...MADE_WITH, 'parse5'] : MADE_WITH)
  if (manifest !== '' && !/"type":\s*"module"/.test(manifest)) steps.push('npm pkg set type=module')
  const serve = `for (const routes of Object.values(streams)) app.route('/', routes)`
  if (app?.includes('streams/index') === false) steps.push(`serve what ${index} lists: ${serve}`)
  return steps
}

/** A sample with the stream's own name in it, in each of its spellings. */
function named(name: string, text: string): string {
  const camel = camelCase(name)
  return text
    .replaceAll('sample-name', name)
    .replaceAll('sampleName', camel)
    .replaceAll('SampleName', capitalized(camel))
    .replaceAll('Sample name', titleOf(name))
}

function titleOf(name: string): string {
  return capitalized(name).replaceAll('-', ' ')
}

function capitalized(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1)
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** Two folders up from here in both shapes of the package: `src/cli/` and `dist/cli/`. */
function scaffold(file: string): string {
  return readFileSync(new URL(`../../templates/scaffold/${file}`, import.meta.url), 'utf8')
}
