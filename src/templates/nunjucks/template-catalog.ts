import { didYouMean, TemplateError } from '../../shared/errors.ts'
import { isPlainName, type TemplateSource } from '../template-source.ts'
import { catalogEnvironment } from './catalog-environment.ts'
import { compileTemplate } from './compiler.ts'
import { Failure, Fault } from './failure.ts'
import {
  type Callback,
  type CompiledTemplate,
  type InnerEnvironment,
  parseTemplate,
  SafeString,
  transformTemplate,
} from './internals.ts'
import { LoadedTemplate } from './loaded-template.ts'
import { refuseLostFilters } from './lost-filters.ts'

const CATALOG = Symbol('catalog')

/**
 * All templates of one point in time, compiled when first asked for.
 *
 * After an edit a new catalog takes over; a stream that is already open keeps the one it was opened with, so that it
 * shows one consistent version to its end.
 */
export class TemplateCatalog {
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
    this.env = catalogEnvironment(base)
    this.env.getTemplate = this.#getTemplate
    Object.assign(this.env, { [CATALOG]: this })
  }

  /** The catalog that a template runs in: a block that it draws must come from the same version. */
  static of(env: object): TemplateCatalog | undefined {
    return (env as { [CATALOG]?: TemplateCatalog })[CATALOG]
  }

  /** Every name that `get` answers for. */
  names(): string[] {
    return [...new Set([...Object.keys(this.#precompiled), ...this.source.names()])]
  }

  /** Throws  TemplateError `template/missing`, `template/name`, `template/invalid`. */
  get(name: string): LoadedTemplate {
    const template = this.#find(name)
    if (template) return template
    const { code, message } = this.#missing(name)
    throw new TemplateError(code, message, { template: name })
  }

  /** The error for a block that a page does not have. */
  unknownBlock(template: string, block: string, has: readonly string[]): TemplateError {
    const message = `block "${block}" not found in template "${template}" ${didYouMean(block, has)}`
    return new TemplateError('block/unknown', message, { template, block })
  }

  #find(name: string): LoadedTemplate | undefined {
    let template = this.#loaded.get(name)
    if (!template && (template = this.#load(name))) this.#loaded.set(name, template)
    return template
  }

  #load(name: string): LoadedTemplate | undefined {
    if (Object.hasOwn(this.#precompiled, name))
      return new LoadedTemplate(name, this.env, this.#precompiled[name]!)
    const found = this.source.read(name)
    if (!found) return undefined
    try {
      const written = parseTemplate(found.text, this.env)
      refuseLostFilters(written, name, this.env)
      const ast = transformTemplate(written, name, this.env)
      return new LoadedTemplate(name, this.env, compileTemplate(ast, name, this.env), ast)
    } catch (error) {
      throw Failure.toError(error, name, undefined, 'template/invalid')
    }
  }

  /** How compiled templates ask for another one. In: a name, perhaps relative to the asking template's. */
  readonly #getTemplate = (
    wanted: unknown,
    isParent: boolean,
    from: string | undefined,
    ignoreMissing: boolean,
    done: Callback<LoadedTemplate>,
  ): void => {
    const given = wanted instanceof SafeString ? String(wanted) : wanted
    if (isParent && (given === undefined || given === null || given === '')) {
      const message = '{% extends %} resolved to nothing.'
      const hint = "Pass the layout in the fragment's context."
      return done(new Fault('template/extends-nothing', message, hint))
    }
    if (typeof given !== 'string') {
      const message = `the name of a template came out as ${described(given)}.`
      return done(new Fault('template/name', message))
    }
    const name = resolveName(given, from)
    try {
      const template = this.#find(name)
      if (template) done(null, template)
      else if (ignoreMissing) done(null, this.#nothing)
      else done(this.#missing(name))
    } catch (error) {
      done(error)
    }
  }

  #missing(name: string): Fault {
    if (isPlainName(name))
      return new Fault(
        'template/missing',
        `template "${name}" not found ${didYouMean(name, this.names())}`,
      )
    const hint = 'Names are relative to the template folder, with "/" between folders.'
    return new Fault('template/name', `${JSON.stringify(name)} is no name of a template.`, hint)
  }

  readonly #nothing: LoadedTemplate = new LoadedTemplate('', {} as InnerEnvironment, {
    root: (_env, _context, _frame, _runtime, done) => done(null, ''),
  })
}

function described(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}

/** `./row.html` and `../row.html` are meant from the folder of the template that names them. */
export function resolveName(name: string, from: string | undefined): string {
  if (from === undefined || !/^\.\.?\//.test(name)) return name
  const steps = from.split('/').slice(0, -1)
  for (const step of name.split('/')) {
    // Above the root there is nothing: such a name must not be found, so it is left as it was written.
    if (step === '..' && steps.pop() === undefined) return name
    if (step !== '.' && step !== '..' && step !== '') steps.push(step)
  }
  return steps.join('/')
}
