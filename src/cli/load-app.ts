import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setDryRun } from '../node/dry-run.ts'
import { sleep } from '../shared/clock.ts'
import type { App } from '../web/app-routes.ts'
import { unusable } from './findings.ts'

/** How long a module that exports no app may take to serve one. */
const SERVES_WITHIN_MS = 3_000

/**
 * The Hono app of a module: what it hands to `serve`, or what it exports as `default` or `app`. Nothing is served.
 *
 * Throws  ConfigError `config/invalid` for a file that is not there or has no app; what the module throws.
 */
export async function loadApp(file: string): Promise<App> {
  const path = resolve(file)
  if (!existsSync(path))
    throw unusable(`There is no file "${file}".`, 'Give the module of your app: --app src/app.ts.')
  // A program reads its own arguments, not ours.
  process.argv.splice(2)
  const shown = new Promise<object>(setDryRun)
  try {
    // A module that waits for its server to be ready waits for ever, so the app itself is enough.
    const module: unknown = await Promise.race([import(pathToFileURL(path).href), shown])
    const { default: usual, app } = module as { default?: unknown; app?: unknown }
    const found = [await Promise.race([shown, undefined]), usual, app].find(isApp)
    if (found) return found
    // A program may have to connect to something before it serves.
    const late = await Promise.race([shown, sleep(SERVES_WITHIN_MS)])
    if (isApp(late)) return late
  } finally {
    setDryRun(undefined)
  }
  throw unusable(
    `"${file}" has no app.`,
    'Export it (export default app, or export const app), or hand it to serve(app).',
  )
}

function isApp(value: unknown): value is App {
  return typeof value === 'object' && value !== null && 'routes' in value && 'fetch' in value
}

/**
 * Runs this program once more with the project's own `tsx`, to import TypeScript. Without `tsx` Node has to read it, and
 * does from 22.18 on.
 *
 * Out     its exit code; nothing when this process can import the file itself.
 * Throws  ConfigError `config/invalid` when neither can.
 */
export async function runWithTypeScript(
  file: string | undefined,
  args: readonly string[],
): Promise<number | undefined> {
  const isDone = process.execArgv.some((argument) => argument.includes('tsx'))
  if (isDone || file === undefined || !/\.[cm]?tsx?$/.test(file)) return undefined
  try {
    createRequire(resolve('package.json')).resolve('tsx')
  } catch {
    if ((process.features as { typescript?: unknown }).typescript) return undefined
    throw unusable(
      `This Node cannot read "${file}" by itself.`,
      'Install tsx (npm install -D tsx), or give the compiled file.',
    )
  }
  const again = [...process.execArgv, '--import', 'tsx', process.argv[1]!, ...args]
  const [code] = await once(spawn(process.execPath, again, { stdio: 'inherit' }), 'exit')
  return (code as number | null) ?? 1
}
