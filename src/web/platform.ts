import type { MiddlewareHandler, Context as Request } from 'hono'
import { markdown as createMarkdown, type Markdown } from '../markdown/markdown.ts'
import type { MarkdownOptions } from '../markdown/parser.ts'
import type { WaitUntil } from '../shared/async-context.ts'
import { ConfigError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { type Bundle, isBundle } from '../templates/nunjucks/bundle.ts'
import {
  engineWith,
  type NunjucksEngine,
  type NunjucksOptions,
  withGlobals,
} from '../templates/nunjucks/engine.ts'
import type { Compile } from '../templates/nunjucks/internals.ts'
import type { HeadOptions } from '../templates/nunjucks/filters.ts'
import { fromRecord, stackSources, type TemplateSource } from '../templates/source.ts'
import { ASSETS, readAssets, type ReadAsset, withAssets } from './assets.ts'
import { createSwapstream } from './middleware.ts'
import type { Connection, ContentCoding, CoreOptions } from './settings.ts'

/** Where templates come from, and what they may use. */
export interface NunjucksEngineOptions extends Omit<NunjucksOptions, 'markdown'> {
  /**
   * A folder (its path, or a file URL), a record of name → text, a bundle, or any other source.
   */
  readonly templates: string | URL | Readonly<Record<string, string>> | TemplateSource | Bundle
  /** The renderer of the filter `markdown`, or its options: `markdown()` of `swapstream/markdown` makes one. */
  readonly markdown?: MarkdownOptions | Markdown
}

/** The settings of an app, with those of the nunjucks engine or with another engine. */
export type SwapstreamOptions = Omit<CoreOptions, 'engine'> &
  Partial<NunjucksEngineOptions> & {
    /** Another engine in place of nunjucks. */
    readonly engine?: TemplateEngine
    /** How many proxies of yours are in front of this server. Default 0: X-Forwarded-For is ignored. */
    readonly proxies?: number
    /**
     * Where browsers find htmx and the style sheet: for an app below a path, such as `/bot/swapstream` with
     * `basePath('/bot')`, `mount`, or a proxy that strips the path; also an address of another host. Default
     * `/swapstream`.
     */
    readonly assets?: string
    /**
     * Options of `swapstream/head.html` in each page: `stylesheet`, `icon`, `colorScheme`, `viewport`. `false` leaves one
     * out. A page has its own with `{% set swapstreamHead = { icon: false } %}`.
     */
    readonly head?: HeadOptions
    /**
     * Compress event streams, with one window for all frames of a stream, for clients that read brotli. Worth its CPU
     * with `updates: 'full'`, where every frame repeats the one before. Default false.
     */
    readonly compress?: boolean
  }

/** The differences between the places where an app runs. */
export interface Platform {
  readonly log: Log
  readonly expose: boolean
  readonly connection: (proxies: number) => (c: Request) => Connection
  /** Where an isolate ends with its answers. */
  readonly waitUntil?: (c: Request) => WaitUntil | undefined
  /** For `compress: true`. */
  readonly contentCoding?: ContentCoding
  /** Makes templates from text; undefined where no code may be made from text. */
  readonly compile: Compile | undefined
  /** The templates of a folder. */
  readonly folder: (path: string | URL) => TemplateSource
  /** Our own templates, whose names begin with `swapstream/`; undefined where they cannot be found. */
  readonly kit: TemplateSource | undefined
  /** The files of pages, without a bundle. */
  readonly readAsset: ReadAsset
}

/** The middleware of an app on such a platform. */
export function swapstreamOn(platform: Platform, options: SwapstreamOptions): MiddlewareHandler {
  const { head, templates = 'templates' } = options
  const assets = readAssets(options.assets)
  const ofHead = {
    ...(options.assets !== undefined && { swapstreamAssets: assets }),
    ...(head !== undefined && { swapstreamHead: head }),
  }
  const globals = { ...ofHead, ...options.globals }
  const { contentCoding, waitUntil } = platform
  const answer = createSwapstream({
    log: platform.log,
    expose: platform.expose,
    connection: platform.connection(options.proxies ?? 0),
    ...(waitUntil && { waitUntil }),
    ...(options.compress && contentCoding ? { contentCoding } : {}),
    ...options,
    engine: options.engine
      ? withGlobals(options.engine, ofHead)
      : nunjucksEngineOn(platform, { watch: false, ...options, templates, globals }),
  })
  const bundled: ReadAsset | undefined = isBundle(templates)
    ? (name) => templates.assets[name]
    : undefined
  return withAssets(answer, assets, bundled ?? platform.readAsset)
}

/** The template engine over nunjucks on such a platform. */
export function nunjucksEngineOn(
  { compile, folder, kit }: Platform,
  options: NunjucksEngineOptions,
): NunjucksEngine {
  const { templates, markdown = {}, globals, precompiled, ...rest } = options
  const own = isBundle(templates) ? fromRecord({}) : sourceOf(templates, folder)
  if (!kit && !isBundle(templates)) refuseLost(own)
  if (isBundle(templates) && rest.throwOnUndefined) refuseStrict()
  const layers = kit ? [{ prefix: 'swapstream/', source: kit }, { source: own }] : [{ source: own }]
  return engineWith(compile, stackSources(layers), {
    ...rest,
    globals: { swapstreamAssets: ASSETS, ...globals },
    markdown: 'render' in markdown ? markdown : createMarkdown(markdown),
    precompiled: { ...(isBundle(templates) && templates.compiled), ...precompiled },
  })
}

/** Throws  ConfigError `config/invalid` for templates that use ours where ours are not. */
function refuseLost(templates: TemplateSource): void {
  const lost = templates
    .names()
    .find((name) => /["']swapstream\//.test(templates.read(name)?.text ?? ''))
  if (lost === undefined) return
  const what = `"${lost}" uses templates of swapstream, which are not here: a bundle of code leaves them behind.`
  const hint =
    'Write all templates into a module, npx swapstream bundle templates --out bundle.js, and import it: templates: bundle. Or keep swapstream out of the bundle (esbuild --packages=external).'
  throw new ConfigError('config/invalid', what, { hint })
}

function refuseStrict(): never {
  const hint = 'Leave it out, or give the folder of the templates.'
  throw new ConfigError('config/invalid', 'A bundle has no throwOnUndefined.', { hint })
}

function sourceOf(
  templates: Exclude<NunjucksEngineOptions['templates'], Bundle>,
  folder: Platform['folder'],
): TemplateSource {
  if (typeof templates === 'string' || templates instanceof URL) return folder(templates)
  const isSource = typeof templates['read'] === 'function'
  return isSource ? (templates as TemplateSource) : fromRecord(templates as Record<string, string>)
}
