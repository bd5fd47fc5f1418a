import { didYouMean, TemplateError } from '../../base/errors.ts'
import type { TemplateSource } from '../template-source.ts'
import { refuseLostFilters } from './lost-filters.ts'
import { Failure, templateError } from './failure.ts'
import {
  type AstNode,
  type Callback,
  type CompiledTemplate,
  compileTemplate,
  type InnerEnvironment,
  isNunjucksTemplate,
  isSafeString,
  parseTemplate,
  transformTemplate,
} from './internals.ts'
import { libraryEnvironment } from './library-environment.ts'
import { LoadedTemplate } from './loaded-template.ts'

/**
 * All templates of one point in time, compiled when first asked for.
 *
 * After an edit a new library takes over; a stream that is already open keeps the one it was opened with, so that it
 * shows one consistent version to its end.
 */
export class TemplateLibrary {
  readonly env: InnerEnvironment
  readonly source: TemplateSource
  readonly #precompiled: Readonly<Record<string, CompiledTemplate>>
  readonly #loaded = new Map<string, LoadedTemplate>()

  constructor(
    base: InnerEnvironment,
    source: TemplateSource,
    precompiled: Readonly<Record<string, CompiledTemplate>> = {},
  ) {
    this.source = source
    this.#precompiled = precompiled
    this.env = libraryEnvironment(base)
    this.env.getTemplate = this.#getTemplate
  }

  /** Every name that `get` answers for. */
  names(): string[] {
    return [...new Set([...Object.keys(this.#precompiled), ...this.source.names()])]
  }

  /** Throws  TemplateError `template/missing`, `template/invalid`. */
  get(name: string): LoadedTemplate {
    const template = this.find(name)
    if (template) return template
    const message = `template "${name}" not found ${didYouMean(name, this.names())}`
    throw new TemplateError('template/missing', message, { template: name })
  }

  find(name: string): LoadedTemplate | undefined {
    const known = this.#loaded.get(name)
    if (known) return known
    const template = this.#load(name)
    if (template) this.#loaded.set(name, template)
    return template
  }

  /** The same, for a template that names another one. Throws with the line where it does. */
  getFor(name: string, from: string): LoadedTemplate {
    const template = this.lookUp(name, from)
    if (template) return template
    throw this.#missing(name, from)
  }

  /** The template that `name` means when it stands in the template `from`. */
  lookUp(name: string, from: string): LoadedTemplate | undefined {
    return this.find(resolveName(name, from))
  }

  #load(name: string): LoadedTemplate | undefined {
    if (Object.hasOwn(this.#precompiled, name)) {
      return new LoadedTemplate(name, this.env, this.#precompiled[name]!)
    }
    const found = this.source.read(name)
    if (!found) return undefined
    try {
      const written = parseTemplate(found.text, this.env)
      refuseLostFilters(written, name, this.env)
      const ast = transformTemplate(written, name, this.env)
      return new LoadedTemplate(name, this.env, compileTemplate(ast, name, this.env), ast)
    } catch (error) {
      const failure = Failure.toError(error, name)
      if (!(failure instanceof TemplateError) || failure.code !== 'render/failed') throw failure
      const message = failure.message.slice(failure.message.indexOf(': ') + 2)
      throw templateError('template/invalid', failure.place, message, { cause: failure.cause })
    }
  }

  /** How compiled templates ask for another one. In: a name, perhaps relative to the asking template's. */
  readonly #getTemplate = (
    wanted: unknown,
    _eager: boolean,
    parent: string | undefined,
    ignoreMissing: boolean,
    done: Callback<unknown>,
  ): void => {
    if (wanted instanceof LoadedTemplate || isNunjucksTemplate(wanted)) return done(null, wanted)
    const given = isSafeString(wanted) ? String(wanted) : wanted
    if (typeof given !== 'string') {
      return done(new Failure(new Error(`a template's name must be text, not ${describe(given)}`)))
    }
    const name = resolveName(given, parent)
    let template: LoadedTemplate | undefined
    try {
      template = this.find(name)
    } catch (error) {
      return done(error)
    }
    if (template) return done(null, template)
    if (ignoreMissing) return done(null, this.#nothing)
    done(this.#missing(given, parent))
  }

  #missing(wanted: string, from: string | undefined): TemplateError {
    const name = resolveName(wanted, from)
    const message = `template "${name}" not found ${didYouMean(name, this.names())}`
    const place = { template: from ?? name, ...this.#placeOf(from, wanted) }
    return templateError('template/missing', place, message)
  }

  #placeOf(template: string | undefined, wanted: string): { line?: number; column?: number } {
    const ast = template === undefined ? undefined : this.#loaded.get(template)?.ast
    const node = ast && findReference(ast, wanted)
    return node ? { line: node.lineno + 1, column: node.colno + 1 } : {}
  }

  readonly #nothing: LoadedTemplate = new LoadedTemplate('', {} as InnerEnvironment, {
    root: (_env, _context, _frame, _runtime, done) => done(null, ''),
  })
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
}

/** `./row.html` and `../row.html` are meant from the folder of the template that names them. */
export function resolveName(name: string, from: string | undefined): string {
  if (from === undefined || !(name.startsWith('./') || name.startsWith('../'))) return name
  const steps = from.split('/').slice(0, -1)
  for (const step of name.split('/')) {
    if (step === '..') {
      // Above the root there is nothing: such a name must not be found, so it is left as it was written.
      if (steps.length === 0) return name
      steps.pop()
    } else if (step !== '.' && step !== '') steps.push(step)
  }
  return steps.join('/')
}

/** The literal reference to `wanted` in a template: where an include, import or extends names it. */
function findReference(node: AstNode, wanted: string): AstNode | undefined {
  const target = node['template'] as AstNode | undefined
  if (target?.typename === 'Literal' && target['value'] === wanted) return target
  for (const field of node.fields) {
    const child = node[field]
    for (const each of Array.isArray(child) ? child : [child]) {
      if (typeof each !== 'object' || each === null || !('typename' in each)) continue
      const found = findReference(each as AstNode, wanted)
      if (found) return found
    }
  }
  return undefined
}
