import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { chromium } from 'playwright-core'

/** First what has no window to draw: a page of it takes a third of the time. */
const NAMES = [
  'chromium-headless-shell',
  'chrome-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'msedge',
]
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/**
 * The path of a Chromium for tests and pictures: the one in `CHROMIUM`, an installed one, or one that is installed now.
 *
 * Throws  an Error of one line that says what to do when there is none and none can be had.
 */
export function findChromium(): string {
  const named = process.env['CHROMIUM']
  if (named) {
    if (existsSync(named)) return named
    throw new Error(`CHROMIUM is ${named}, but no such file exists.`)
  }
  return installed() ?? install()
}

function installed(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = [
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...PLACES,
    ownDownload(),
  ]
  return candidates.find((path) => existsSync(path))
}

/** Where playwright keeps a browser that it downloaded itself. */
function ownDownload(): string {
  try {
    return chromium.executablePath()
  } catch {
    return ''
  }
}

function install(): string {
  const debian = existsSync('/etc/debian_version') && process.getuid?.() === 0
  process.stderr.write(
    `No browser found: installing one (${debian ? 'apt-get' : "playwright's download"}) …\n`,
  )
  try {
    if (debian) {
      run('apt-get', ['update', '-qq'])
      const options = ['install', '-y', '-qq', '--no-install-recommends']
      try {
        run('apt-get', [...options, 'chromium-headless-shell'])
      } catch {
        run('apt-get', [...options, 'chromium'])
      }
    } else {
      const cli = join(
        dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')),
        'cli.js',
      )
      run(process.execPath, [cli, 'install', 'chromium'])
    }
  } catch {
    // What matters is whether there is a browser now.
  }
  const found = installed()
  if (found) return found
  throw new Error(
    'No browser for the tests: install Chromium or Chrome, or set CHROMIUM to the path of one.',
  )
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
