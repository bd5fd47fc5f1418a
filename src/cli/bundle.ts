import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { readAsset } from '../node/package-files.ts'
import { nunjucksEngine } from '../node/swapstream.ts'
import { compileTemplate } from '../templates/nunjucks/compiler.ts'
import { catalogOf } from '../templates/nunjucks/engine.ts'
import { ASSET_NAMES } from '../web/assets.ts'
import { unusable } from './findings.ts'

export interface BundleOptions {
  /** The folder. */
  readonly templates: string
  /** The file to write; its types are written beside it. */
  readonly out: string
  /** The names of the app's async filters: nunjucks compiles them otherwise. */
  readonly asyncFilters?: readonly string[]
}

const TYPES = `import type { Bundle } from 'swapstream/core'
declare const bundle: Bundle
export default bundle
`

/**
 * Writes the templates of a folder and those of swapstream, compiled, with the files that pages load, as one module.
 *
 * Throws  TemplateError for a template that cannot be compiled; ConfigError `config/invalid` for a wrong folder or file.
 */
export function bundle(options: BundleOptions): { count: number; size: number } {
  const { templates, out, asyncFilters = [] } = options
  if (!/\.m?js$/.test(out))
    throw unusable(`"${out}" is no name of a module.`, 'Give one that ends with .js or .mjs.')
  const engine = nunjucksEngine({
    templates,
    asyncFilters: Object.fromEntries(asyncFilters.map((name) => [name, () => undefined])),
  })
  const catalog = catalogOf(engine)!
  const names = catalog.names().toSorted()
  const compiled = names.map((name) => {
    // Throws with the place, if it cannot be compiled.
    catalog.get(name)
    const { code } = compileTemplate(catalog.source.read(name)!.text, name, catalog.env)
    return `${JSON.stringify(name)}: ${code}`
  })
  const assets = Object.fromEntries(ASSET_NAMES.map((name) => [name, readAsset(name)]))
  const code = `// Written by: npx swapstream bundle ${templates} --out ${basename(out)}
export default {
compiled: {
${compiled.join(',\n')}
},
assets: ${JSON.stringify(assets, undefined, 2)}
}
`
  writeFileSync(out, code)
  writeFileSync(out.replace(/\.(m?)js$/, '.d.$1ts'), TYPES)
  return { count: names.length, size: code.length }
}
