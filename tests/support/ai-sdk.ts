import { execFile } from 'node:child_process'
import { access, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

/** The ranges that run on Node 20. */
const PACKAGES = [
  'ai@^6',
  '@ai-sdk/openai-compatible@^2',
  '@ai-sdk/openai@^3',
  '@ai-sdk/anthropic@^3',
]
const FOLDER = join(tmpdir(), `swapstream-${PACKAGES.join('-').replace(/[^\w.-]+/g, '_')}`)

/** A file of a project that has the AI SDK: from its place the packages are found. */
export const AI_SDK_PROJECT: string = join(FOLDER, 'index.js')

/** Installs the real AI SDK, which is no dependency of ours: outside of the checkout, once, and kept. */
export async function installAiSdk(): Promise<void> {
  const isThere = access(join(FOLDER, 'node_modules/ai/package.json')).then(
    () => true,
    () => false,
  )
  if (await isThere) return
  // Installed beside and renamed, so that a run that is cut off leaves nothing half there.
  const folder = await mkdtemp(`${FOLDER}-`)
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  await promisify(execFile)(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES],
    { cwd: folder, shell: process.platform === 'win32' },
  )
  await rename(folder, FOLDER).catch(() => rm(folder, { recursive: true }))
}

/** A module of the installed SDK. */
export async function importAiSdk<T>(specifier: string): Promise<T> {
  const path = createRequire(AI_SDK_PROJECT).resolve(specifier)
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as T
}
