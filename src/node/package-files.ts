import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Two folders up from here in both shapes of the package, `src/node/` and `dist/node/`; in a bundle it is elsewhere. */
const here = (import.meta as { url?: string }).url
/** Finds packages from this file, or from where the program runs. */
export const resolve: (name: string) => string = createRequire(
  here ?? pathToFileURL(join(process.cwd(), 'index.js')),
).resolve

/** The folder of this package with its templates and scripts; undefined where a bundle has left it behind. */
export const packageFolder: string | undefined = findFolder()

/** The line for that case. */
export const NO_PACKAGE_FILES =
  'The templates and scripts of swapstream are neither beside its code nor in node_modules, as in a bundle: pages cannot use "swapstream/head.html". Install swapstream where the program runs, or leave it out of the bundle (esbuild --packages=external).'

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
