import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { HTMX_FILES } from '../htmx/request.ts'
import type { AssetName } from '../web/assets.ts'

/** Two folders up from here in both shapes of the package, `src/node/` and `dist/node/`; in a bundle it is elsewhere. */
const here = (import.meta as { url?: string }).url
/** Finds packages from this file, or from where the program runs. */
export const resolve: (name: string) => string = createRequire(
  here ?? pathToFileURL(join(process.cwd(), 'index.js')),
).resolve

/** The folder of this package with its templates and scripts; undefined where a bundle has left it behind. */
export const packageFolder: string | undefined = findFolder()

/** The text of a file that pages need; undefined where it has been left behind. */
export function readAsset(name: AssetName): string | undefined {
  const files = name === 'htmx.js' ? HTMX_FILES.map(resolve) : ownFile(`public/${name}`)
  return files?.map((file) => readFileSync(file, 'utf8')).join('\n')
}

function ownFile(path: string): string[] | undefined {
  return packageFolder === undefined ? undefined : [join(packageFolder, path)]
}

function findFolder(): string | undefined {
  const folders = [
    () => fileURLToPath(new URL('../../', here)),
    () => join(resolve('swapstream/package.json'), '..'),
    () => join(createRequire(join(process.cwd(), 'x.js')).resolve('swapstream/package.json'), '..'),
  ]
  for (const folder of folders) {
    try {
      if (existsSync(join(folder(), 'templates/swapstream/head.html'))) return folder()
    } catch {
      // It is not there.
    }
  }
  return undefined
}
