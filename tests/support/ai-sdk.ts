import { execFile } from 'node:child_process'
import { access, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const PACKAGES: Readonly<Record<number, readonly string[]>> = {
  5: ['ai@^5', '@ai-sdk/anthropic@^2'],
  6: ['ai@^6', '@ai-sdk/openai-compatible@^2', '@ai-sdk/openai@^3', '@ai-sdk/anthropic@^3'],
  7: ['ai@^7', '@ai-sdk/anthropic@^4'],
}

/** The versions that run here: 7 wants Node 22. */
export const AI_SDK_VERSIONS: readonly number[] =
  Number(process.versions.node.split('.')[0]) >= 22 ? [5, 6, 7] : [5, 6]

function folderOf(version: number): string {
  return join(tmpdir(), `swapstream-${PACKAGES[version]!.join('-').replace(/[^\w.-]+/g, '_')}`)
}

/** A file of a project that has the AI SDK: from its place the packages are found. */
export const AI_SDK_PROJECT: string = projectOf(6)

/** The same for any version. */
export function projectOf(version: number): string {
  return join(folderOf(version), 'index.js')
}

/** Installs the real AI SDK, which is no dependency of ours. */
export async function installAiSdk(version: number = 6): Promise<void> {
  await installInto(folderOf(version), PACKAGES[version]!)
}

/** Installs packages that only a test needs: outside of the checkout, once, and kept. Out: their folder. */
export async function installOutside(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(tmpdir(), `swapstream-${name}`)
  await installInto(folder, packages)
  return folder
}

async function installInto(target: string, packages: readonly string[]): Promise<void> {
  const isThere = access(join(target, 'package.json')).then(
    () => true,
    () => false,
  )
  if (await isThere) return
  // Installed beside and renamed, so that a run that is cut off leaves nothing half there.
  const folder = await mkdtemp(`${target}-`)
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  await promisify(execFile)(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages],
    { cwd: folder, shell: process.platform === 'win32' },
  )
  await rename(folder, target).catch(() => rm(folder, { recursive: true }))
}

/** A module of the installed SDK. */
export async function importAiSdk<T>(specifier: string, version: number = 6): Promise<T> {
  const path = createRequire(projectOf(version)).resolve(specifier)
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as T
}
