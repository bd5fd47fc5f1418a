import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PLACES = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin']

export interface Wanted {
  /** What it may be called. */
  readonly names: readonly string[]
  /** Its package, for apt and for brew, which lacks some. */
  readonly debian: string
  readonly brew?: string
}

/** The path of an installed program, or of one that is installed now; nothing when it cannot be had. */
export function findProgram(wanted: Wanted): string | undefined {
  return installed(wanted) ?? install(wanted)
}

function installed({ names }: Wanted): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...PLACES]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync)
}

function install(wanted: Wanted): string | undefined {
  const steps: [string, string[]][] =
    existsSync('/etc/debian_version') && process.getuid?.() === 0
      ? [
          ['apt-get', ['update', '-qq']],
          ['apt-get', ['install', '-y', '-qq', '--no-install-recommends', wanted.debian]],
        ]
      : process.platform === 'darwin' && wanted.brew
        ? [['brew', ['install', '--quiet', wanted.brew]]]
        : []
  for (const [command, args] of steps) {
    process.stderr.write(`No ${wanted.names[0]} found: ${command} ${args.join(' ')} …\n`)
    try {
      execFileSync(command, args, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
    } catch {
      // What matters is whether there is one now.
    }
  }
  return installed(wanted)
}
