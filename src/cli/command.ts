import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { packageFolder } from '../node/package-files.ts'
import { didYouMean, SwapstreamError, withoutDocs } from '../shared/errors.ts'
import { errorMessage } from '../shared/hooks.ts'
import { addStream } from './add-stream.ts'
import { bundle } from './bundle.ts'
import { check } from './check.ts'
import { missingPackage, toLine } from './findings.ts'
import { listRoutes } from './list-routes.ts'
import { loadApp, runWithTypeScript } from './load-app.ts'
import { newApp } from './new.ts'

/** Names each command with what it does. */
const HELP: Readonly<Record<string, string>> = {
  new: `  swapstream new NAME [--kind KIND] [--model MODEL] [--store STORE] [--yes]
      Writes a new app into the folder NAME: a program, its tests, a Dockerfile. It asks for what the flags leave open,
      on a terminal only; --yes asks nothing.
      KIND   chat, documents (answers over a folder of Markdown), dashboard (live numbers), blank. Default chat.
      MODEL  none (a script answers), or provider:model such as openai:gpt-4.1-mini. Default none.
      STORE  memory, or redis. Default memory.`,
  add: `  swapstream add stream NAME [--fragment] [--dir src] [--force]
      Writes a declared route with its schema and a test, and registers it; with --fragment also its page and template.`,
  check: `  swapstream check [FOLDER] [--app src/app.ts] [--externalPrefixes /path]… [--htmx 2]
      Looks for what would go wrong in the templates: names, blocks, filters, addresses, ids, attributes, events.
      FOLDER (or --templates) is where they are; the app knows it, and its filters and routes. Exits with 1 on faults.`,
  bundle: `  swapstream bundle [templates] [--out bundle.js] [--async NAME]…
      Writes all templates, compiled, and the files of pages into one module, for Workers and for bundles of code:
      templates: bundle. Each async filter of the app has to be named.`,
  routes: `  swapstream routes --app src/app.ts
      Lists the routes of the app.`,
  explain: `  swapstream explain CODE
      Prints what an error code means, such as block/unknown, and how to mend it. Without a code, lists all.`,
}

function helpOf(name: string | undefined): string {
  const own = name !== undefined && Object.hasOwn(HELP, name) ? HELP[name] : undefined
  const general = '  swapstream --version\n  swapstream COMMAND --help'
  return own ?? ['swapstream: what there is to do\n', ...Object.values(HELP), general].join('\n')
}

const OPTIONS = {
  app: { type: 'string' },
  async: { type: 'string', multiple: true },
  dir: { type: 'string' },
  externalPrefixes: { type: 'string', multiple: true },
  force: { type: 'boolean' },
  fragment: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  htmx: { type: 'string' },
  kind: { type: 'string' },
  model: { type: 'string' },
  out: { type: 'string' },
  store: { type: 'string' },
  templates: { type: 'string' },
  version: { type: 'boolean', short: 'v' },
  yes: { type: 'boolean', short: 'y' },
} as const satisfies ParseArgsConfig['options']

type Arguments = ReturnType<typeof parse>

const COMMANDS: Readonly<Record<string, (args: Arguments) => Promise<number> | number>> = {
  add: addCommand,
  bundle: bundleCommand,
  check: checkCommand,
  explain: explainCommand,
  new: newCommand,
  routes: routesCommand,
}

/**
 * Runs the command `swapstream`.
 *
 * In      its arguments.
 * Out     what the process ends with: 0, 1 for faults that were found, 2 for a command that cannot be run.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  try {
    const parsed = parse(args)
    const { help, version, app } = parsed.values
    const [name] = parsed.positionals
    if (version) return print(ownVersion())
    if (help) return print(helpOf(name))
    if (name === undefined) return print(helpOf(name)) || 2
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command) return (await runWithTypeScript(app, args)) ?? (await command(parsed))
    return refuse(`There is no command "${name}" ${didYouMean(name, Object.keys(COMMANDS))}.`)
  } catch (thrown) {
    const lacking = missingPackage(thrown)
    if (lacking) return refuse(withoutDocs(lacking))
    // What a module throws while it is loaded is its author's, with its stack.
    const { code, stack } = Object(thrown) as { code?: unknown; stack?: string }
    const isOurs = thrown instanceof SwapstreamError || String(code).startsWith('ERR_PARSE_ARGS')
    return refuse(isOurs ? errorMessage(thrown) : (stack ?? errorMessage(thrown)))
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
}

/** Out: what the process ends with. */
function print(line: string): number {
  process.stdout.write(`${line}\n`)
  return 0
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder!, 'package.json'), 'utf8'))
  return version as string
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 2
}

async function newCommand({ positionals: [, folder = '', more], values }: Arguments) {
  if (more !== undefined) return refuse(`An app has one name: swapstream new ${folder}-${more}.`)
  const { written, next } = await newApp(folder, values)
  for (const file of written) print(`wrote ${file}`)
  for (const step of next) print(`next: ${step}`)
  return 0
}

function addCommand({ positionals: [, what, name = ''], values }: Arguments): number {
  if (what !== 'stream') return refuse(`What can be added is a stream: swapstream add stream chat.`)
  const { written, next } = addStream(name, values)
  for (const file of written) print(`wrote ${file}`)
  for (const step of next) print(`next: ${step}`)
  return 0
}

function bundleCommand({ positionals: [, folder = 'templates'], values }: Arguments): number {
  const { templates = folder, out = 'bundle.js' } = values
  const { count, size } = bundle({ templates, out, asyncFilters: values.async ?? [] })
  print(`wrote ${out} (${counted(count, 'template')}, ${Math.ceil(size / 1024)} KiB) and its types`)
  return 0
}

async function checkCommand({ positionals, values }: Arguments): Promise<number> {
  const { app: file, htmx = '4', externalPrefixes = [], templates = positionals[1] } = values
  if (htmx !== '2' && htmx !== '4') return refuse('--htmx is 2 or 4.')
  const app = file === undefined ? undefined : await loadApp(file)
  const { faults, notes, checked } = await check({
    ...(app && { app, code: [file!] }),
    ...(templates !== undefined && { templates }),
    externalPrefixes,
    htmx: htmx === '2' ? 2 : 4,
  })
  for (const fault of faults) print(toLine(fault))
  for (const note of notes) print(toLine({ ...note, message: `note: ${note.message}` }))
  const looked = app
    ? [counted(checked.routes, 'route'), counted(checked.files, 'source file')]
    : ['with --app also filters, routes and what the code names']
  const summary = faults.length === 0 ? 'No faults' : counted(faults.length, 'fault')
  print(`${summary} (${[counted(checked.templates, 'template'), ...looked].join(', ')}).`)
  return faults.length === 0 ? 0 : 1
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

async function routesCommand({ values: { app } }: Arguments): Promise<number> {
  if (app === undefined) return refuse('Say which app: swapstream routes --app src/app.ts.')
  const routes = listRoutes(await loadApp(app))
  const width = Math.max(0, ...routes.map(({ path }) => path.length))
  for (const { method, path, kind, details } of routes)
    print(`${method.padEnd(6)} ${path.padEnd(width)}  ${kind}${details && `: ${details}`}`)
  return 0
}

/** Prints a section of `docs/errors.md`, which is packed. */
function explainCommand({ positionals: [, code] }: Arguments): number {
  const page = readFileSync(join(packageFolder!, 'docs/errors.md'), 'utf8')
  const sections = new Map<string, string>()
  for (const [, name, text] of page.matchAll(/^### (\S+)\n([^]*?)(?=^##|$(?![^]))/gm))
    sections.set(name!, text!.trim())
  if (code === undefined) print([...sections.keys()].toSorted().join('\n'))
  else if (sections.has(code)) print(`${code}\n\n${sections.get(code)}`)
  else return refuse(`There is no error code "${code}" ${didYouMean(code, sections.keys())}.`)
  return 0
}
