/**
 * Installs the runtimes that tests run on from the npm registry, each once for this machine, and prints the folder of
 * their programs: `npx tsx scripts/install-runtimes.ts node@24`. Without a name it installs all of them.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The npm packages, with their versions. */
const PACKAGES = [
  'node@20',
  'node@22',
  'node@24',
  'node@latest',
  'bun@1.4',
  'deno@2',
  'miniflare@4',
] as const
export type RuntimePackage = (typeof PACKAGES)[number]

/** The folder of the programs that a package brings; installed first, where it is not there. */
export function installed(from: RuntimePackage): string {
  const home = join(tmpdir(), 'swapstream-runtimes')
  const folder = join(home, from.replace(/\W/g, '-'))
  const bin = join(folder, 'node_modules/.bin')
  if (existsSync(bin)) return bin
  process.stderr.write(`npm install ${from} …\n`)
  mkdirSync(home, { recursive: true })
  // Installed beside and renamed, so that one that is cut off leaves nothing half there.
  const beside = mkdtempSync(`${folder}-`)
  const args = ['install', '--prefix', beside, '--no-audit', '--no-fund', '--silent', from]
  try {
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (cause) {
    rmSync(beside, { recursive: true })
    throw new Error(`The runtime ${from} cannot be installed from the npm registry.`, { cause })
  }
  try {
    renameSync(beside, folder)
  } catch {
    // Another process was faster.
    rmSync(beside, { recursive: true })
  }
  return bin
}

function isPackage(name: string): name is RuntimePackage {
  return (PACKAGES as readonly string[]).includes(name)
}

if (import.meta.filename === process.argv[1]) {
  const names = process.argv.slice(2)
  for (const name of names.length > 0 ? names : PACKAGES) {
    if (!isPackage(name)) throw new Error(`No runtime ${name}: there are ${PACKAGES.join(', ')}.`)
    process.stdout.write(`${installed(name)}\n`)
  }
}
