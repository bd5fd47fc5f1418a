import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { markdown as createMarkdown, type Markdown } from '../markdown/markdown.ts'
import type { MarkdownOptions } from '../markdown/parser.ts'
import {
  createNunjucksEngine,
  type NunjucksEngine,
  type NunjucksOptions,
} from '../templates/nunjucks/engine.ts'
import { fromRecord, stackSources, type TemplateSource } from '../templates/source.ts'
import { templateFolder } from './template-folder.ts'

/** Where templates come from, and what they may use. */
export interface NunjucksEngineOptions extends Omit<NunjucksOptions, 'markdown'> {
  /** A folder (its path, or a file URL), a record of name → text, or any other source. */
  readonly templates: string | URL | Readonly<Record<string, string>> | TemplateSource
  /** How the filter `markdown` draws: its options, or what `markdown()` of `swapstream/markdown` gave. */
  readonly markdown?: MarkdownOptions | Markdown
}

/**
 * The template engine as apps use it: templates of a folder or a record, and beside them the partials that swapstream
 * ships, under `swapstream/`.
 *
 * Throws  ConfigError `config/invalid` when the folder is missing.
 * Ends    with `watch`: `close()` ends the watcher.
 *
 * @example const engine = nunjucksEngine({ templates: 'templates', watch: true })
 */
export function nunjucksEngine(options: NunjucksEngineOptions): NunjucksEngine {
  const { templates, markdown = {}, ...rest } = options
  const source = stackSources([...shipped(), { source: toSource(templates) }])
  return createNunjucksEngine(source, {
    ...rest,
    markdown: 'render' in markdown ? markdown : createMarkdown(markdown),
  })
}

function toSource(templates: NunjucksEngineOptions['templates']): TemplateSource {
  if (typeof templates === 'string') return templateFolder(templates)
  if (templates instanceof URL) return templateFolder(fileURLToPath(templates))
  return isSource(templates) ? templates : fromRecord(templates)
}

function isSource(
  templates: Readonly<Record<string, string>> | TemplateSource,
): templates is TemplateSource {
  return typeof templates['read'] === 'function'
}

/** Two folders up from here in both shapes of the package: `src/node/` and `dist/node/`. */
function shipped(): { prefix: string; source: TemplateSource }[] {
  const folder = fileURLToPath(new URL('../../templates/swapstream', import.meta.url))
  return existsSync(folder) ? [{ prefix: 'swapstream/', source: templateFolder(folder) }] : []
}
