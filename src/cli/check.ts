import { resolve, sep } from 'node:path'
import { nunjucksEngine } from '../node/swapstream.ts'
import { enginesOf, policiesOf, routesOf, type App } from '../web/app-routes.ts'
import {
  checkCode,
  checkEvents,
  checkIds,
  checkNames,
  checkRequests,
  checkScripts,
} from './checks.ts'
import { codeFactsOf } from './code-facts.ts'
import { type Finding, Findings, inOrder, unusable } from './findings.ts'
import { listRoutes } from './list-routes.ts'
import { readTemplates } from './read-templates.ts'

/** Options of `check`: an app with its code, or a folder of templates. */
export interface CheckOptions {
  /** The app whose templates, filters and routes count. Without it, templates are only compared with each other. */
  readonly app?: App
  /** Source files of the app, as paths. What they import by relative paths is read, too. */
  readonly code?: readonly string[]
  /** A folder of templates. With an app, only findings in this folder are reported. */
  readonly templates?: string
  /** Beginnings of paths that another server answers, in front of the app: `/kill/`. */
  readonly externalPrefixes?: readonly string[]
  /** The htmx of the pages. Default 4; with 2, what only htmx 4 has dropped is no fault. */
  readonly htmx?: 2 | 4
}

/** All findings, in the order of files and lines. */
export interface CheckResult {
  readonly faults: readonly Finding[]
  /** Findings that may be meant so. */
  readonly notes: readonly Finding[]
  readonly checked: { readonly templates: number; readonly routes: number; readonly files: number }
}

/**
 * Finds faults before they happen: unknown names in templates and in the code, requests without a route, ids without an
 * element, attributes that htmx does not read, events that no stream sends. Notes what htmx makes of a streamed answer
 * whose first frame takes away the form.
 *
 * In      an app, its source files, or only a folder of templates.
 * Out     faults, and notes; a template that cannot be read is a fault like others.
 * Cost    each template and file is read once; nothing is served and nothing drawn.
 * Throws  ConfigError `config/invalid` when there is nothing to look at.
 *
 * @example
 * const { faults } = await check({ app })
 * faults.map(({ message }) => message) // → []
 */
export async function check(options: CheckOptions = {}): Promise<CheckResult> {
  const { app, code: entries, templates: folder, externalPrefixes = [], htmx = 4 } = options
  const engines = app ? enginesOf(app) : [nunjucksEngine({ templates: folder ?? 'templates' })]
  const found = new Findings()
  const all = engines.flatMap((engine) => readTemplates(engine, htmx, found) ?? [])
  if (all.length === 0) {
    throw unusable(
      'The app draws no nunjucks templates.',
      "Is app.use(swapstream({ templates: 'templates' })) missing, or of another copy of swapstream?",
    )
  }
  const code = codeFactsOf((entries ?? []).map((file) => resolve(file)))
  // What another engine draws is not known.
  if (all.length === engines.length) await checkCode(all, code, found)
  for (const templates of all) {
    checkIds(templates, found)
    checkScripts(templates, app ? policiesOf(app) : [], found)
    await checkNames(templates, app !== undefined, found)
    if (app) checkRequests(templates, routesOf(app), externalPrefixes, found)
  }
  if (code.files.length > 0) checkEvents(all, code, found)
  const wanted = app && folder !== undefined ? resolve(folder) + sep : ''
  const isWanted = (path: string): boolean => path.startsWith(wanted) || code.files.includes(path)
  const only = (findings: readonly Finding[]): Finding[] =>
    inOrder(findings).filter(({ file }) => isWanted(resolve(file)))
  return {
    faults: only(found.faults),
    notes: only(found.notes),
    checked: {
      templates: all.flatMap(({ own }) => own).length,
      routes: app ? listRoutes(app).length : 0,
      files: code.files.length,
    },
  }
}
