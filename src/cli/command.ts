import { parseArgs, type ParseArgsConfig } from 'node:util'
import { didYouMean, SwapstreamError } from '../shared/errors.ts'
import { errorMessage } from '../shared/error-message.ts'
import { addStream } from './add-stream.ts'
import { check } from './check.ts'
import { toLine } from './finding.ts'
import { listRoutes } from './list-routes.ts'
import { loadApp } from './load-app.ts'
import { runWithTypeScript } from './run-with-type-script.ts'

const HELP = `swapstream: what there is to do

  swapstream add stream NAME [--fragment] [--dir src] [--force]
      Writes a declared route with its schema and a test, and registers it; with --fragment also its page and template.
  swapstream check [FOLDER] [--app src/app.ts] [--externalPrefixes /path]… [--htmx 2]
      Looks for what would go wrong in the templates: names, blocks, filters, addresses, ids, attributes, events.
      FOLDER (or --templates) is where they are; the app knows it, and its filters and routes. Exits with 1 on faults.
  swapstream routes --app src/app.ts
      Lists the routes of the app.
`

const OPTIONS = {
  app: { type: 'string' },
  dir: { type: 'string' },
  externalPrefixes: { type: 'string', multiple: true },
  force: { type: 'boolean' },
  fragment: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  htmx: { type: 'string' },
  templates: { type: 'string' },
} as const satisfies ParseArgsConfig['options']

type Given = ReturnType<typeof parse>

const COMMANDS: Readonly<Record<string, (given: Given) => Promise<number>>> = {
  add: addCommand,
  check: checkCommand,
  routes: routesCommand,
}

/**
 * The command `swapstream`.
 *
 * In      its arguments.
 * Out     what the process ends with: 0, 1 for faults that were found, 2 for a command that cannot be run.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  try {
    const given = parse(args)
    const [name] = given.positionals
    if (given.values.help || name === undefined) {
      process.stdout.write(HELP)
      return name === undefined && !given.values.help ? 2 : 0
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command) return (await runWithTypeScript(given.values.app, args)) ?? (await command(given))
    return refuse(`There is no command "${name}" ${didYouMean(name, Object.keys(COMMANDS))}.`)
  } catch (error) {
    // What a module throws while it is loaded is its author's, with its stack.
    const mine = error instanceof SwapstreamError || isArgumentError(error)
    return refuse(
      mine || !(error instanceof Error)
        ? errorMessage(error)
        : (error.stack ?? errorMessage(error)),
    )
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
}

function isArgumentError(error: unknown): boolean {
  return (
    error instanceof TypeError &&
    String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
  )
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 2
}

async function addCommand({ positionals: [, what, name], values }: Given): Promise<number> {
  if (what !== 'stream') return refuse(`What can be added is a stream: swapstream add stream chat.`)
  const { fragment = false, force = false, dir = 'src' } = values
  const { written, next } = addStream(name ?? '', { fragment, force, dir })
  for (const file of written) process.stdout.write(`wrote ${file}\n`)
  for (const step of next) process.stdout.write(`next: ${step}\n`)
  return 0
}

async function checkCommand({ positionals, values }: Given): Promise<number> {
  const { app: file, htmx, externalPrefixes = [], templates = positionals[1] } = values
  if (htmx !== undefined && htmx !== '2' && htmx !== '4') return refuse('--htmx is 2 or 4.')
  const app = file === undefined ? undefined : await appAt(file)
  const { faults, notes, checked } = await check({
    ...(app && { app, code: [file!] }),
    ...(templates !== undefined && { templates }),
    externalPrefixes,
    htmx: htmx === '2' ? 2 : 4,
  })
  for (const fault of faults) process.stdout.write(`${toLine(fault)}\n`)
  for (const note of notes)
    process.stdout.write(`${toLine({ ...note, message: `note: ${note.message}` })}\n`)
  const looked = [counted(checked.templates, 'template')]
  if (app) looked.push(counted(checked.routes, 'route'), counted(checked.files, 'source file'))
  else looked.push('with --app also filters, routes and what the code names')
  const summary = faults.length === 0 ? 'No faults' : counted(faults.length, 'fault')
  process.stdout.write(`${summary} (${looked.join(', ')}).\n`)
  return faults.length === 0 ? 0 : 1
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

async function routesCommand({ values: { app } }: Given): Promise<number> {
  if (app === undefined) return refuse('Say which app: swapstream routes --app src/app.ts.')
  const routes = listRoutes(await appAt(app))
  const width = Math.max(0, ...routes.map(({ path }) => path.length))
  for (const { method, path, kind, details } of routes) {
    const line = `${method.padEnd(6)} ${path.padEnd(width)}  ${kind}${details && `: ${details}`}`
    process.stdout.write(`${line}\n`)
  }
  return 0
}

function appAt(file: string): ReturnType<typeof loadApp> {
  // A program reads its own arguments, not ours.
  process.argv.splice(2)
  return loadApp(file)
}
