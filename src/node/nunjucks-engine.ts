import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markdown as createMarkdown, type Markdown } from '../markdown/markdown.ts'
import type { MarkdownOptions } from '../markdown/parser.ts'
import {
  createNunjucksEngine,
  type NunjucksEngine,
  type NunjucksOptions,
} from '../templates/nunjucks/engine.ts'
import { fromRecord, stackSources, type TemplateSource } from '../templates/source.ts'
import { ASSETS } from './assets.ts'
import { packageFolder } from './package-files.ts'
import { templateFolder } from './template-folder.ts'

/** Where templates come from, and what they may use. */
export interface NunjucksEngineOptions extends Omit<NunjucksOptions, 'markdown'> {
  /** A folder (its path, or a file URL), a record of name → text, or any other source. */
  readonly templates: string | URL | Readonly<Record<string, string>> | TemplateSource
  /** The renderer of the filter `markdown`, or its options: `markdown()` of `swapstream/markdown` makes one. */
  readonly markdown?: MarkdownOptions | Markdown
}

/**
 * The template engine of apps: the templates of a folder or a record, and the partials of swapstream under `swapstream/`.
 *
 * Throws  ConfigError `config/invalid` when the folder is missing.
 * Ends    with `watch`: `close()` ends the watcher.
 *
 * @example const engine = nunjucksEngine({ templates: 'templates', watch: true })
 */
export function nunjucksEngine(options: NunjucksEngineOptions): NunjucksEngine {
  const { templates, markdown = {}, globals, ...rest } = options
  return createNunjucksEngine(stackSources([...shipped(), { source: toSource(templates) }]), {
    ...rest,
    globals: { swapstreamAssets: ASSETS, ...globals },
    markdown: 'render' in markdown ? markdown : createMarkdown(markdown),
  })
}

function toSource(templates: NunjucksEngineOptions['templates']): TemplateSource {
  if (typeof templates === 'string') return templateFolder(templates)
  if (templates instanceof URL) return templateFolder(fileURLToPath(templates))
  const isSource = typeof templates['read'] === 'function'
  return isSource ? (templates as TemplateSource) : fromRecord(templates as Record<string, string>)
}

/** The partials of the package. */
function shipped(): { prefix: string; source: TemplateSource }[] {
  if (packageFolder === undefined) return []
  const source = templateFolder(join(packageFolder, 'templates/swapstream'))
  return [{ prefix: 'swapstream/', source }]
}
