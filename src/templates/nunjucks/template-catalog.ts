import { didYouMean, TemplateError } from '../../base/errors.ts'
import { isPlainName, type TemplateSource } from '../template-source.ts'
import type { BlockContext } from './block-context.ts'
import { type BlockFacts, factsOfBlock } from './block-facts.ts'
import { refuseLostFilters } from './lost-filters.ts'
import { refuseDoubleBlocks } from './double-blocks.ts'
import { Failure, templateError } from './failure.ts'
import {
  type AstNode,
  type BlockFunction,
  type Callback,
  type CompiledTemplate,
  type InnerEnvironment,
  isNunjucksTemplate,
  isSafeString,
  parseTemplate,
  transformTemplate,
} from './internals.ts'
import { compileTemplate } from './compiler.ts'
import { catalogEnvironment } from './catalog-environment.ts'
import { LoadedTemplate } from './loaded-template.ts'
import { literalName, mentionsIn } from './mentions.ts'
import { compileAlong, type Surroundings } from './surroundings.ts'
import { childrenOf, items, optionalChild } from './syntax.ts'

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
  readonly #facts = new Map<string, BlockFacts>()
  readonly #along = new WeakMap<Surroundings, { top?: BlockFunction; loop?: BlockFunction }>()

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

  /** Throws  TemplateError `template/missing`, `template/invalid`. */
  get(name: string): LoadedTemplate {
    const template = this.find(name)
    if (template) return template
    throw this.#missing(name, undefined)
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

  /** What is known of a block of a page; found out once. */
  factsOf(block: string, { blocks, lineage }: BlockContext): BlockFacts {
    const key = [block, blocks[block]![0]!.template, ...lineage].join('\n')
    let facts = this.#facts.get(key)
    if (!facts) this.#facts.set(key, (facts = factsOfBlock(this, blocks, block)))
    return facts
  }

  /** Runs what stands around a block; compiled once. */
  along(surroundings: Surroundings, from: 'top' | 'loop'): BlockFunction {
    let functions = this.#along.get(surroundings)
    if (!functions) this.#along.set(surroundings, (functions = {}))
    return (functions[from] ??= compileAlong(this, surroundings, from))
  }

  /** The error for a block that a page does not have. */
  unknownBlock(leaf: LoadedTemplate, block: string, { blocks, lineage }: BlockContext): Error {
    const template = leaf.name
    const known = didYouMean(block, Object.keys(blocks))
    const message = `block "${block}" not found in template "${template}" ${known}`
    const queue = new Set([template, ...lineage])
    const own = new Set(queue)
    for (const name of queue) {
      const found = this.find(name)
      if (found?.levels[block] && !own.has(name)) {
        const hint = `"${name}" has it, which is only included or imported: open the block there.`
        return new TemplateError('block/unknown', message, { template, block }, { hint })
      }
      for (const node of mentionsIn(found?.ast ? items(found.ast) : [], name, true).references) {
        const next = literalName(node)
        if (next !== undefined) queue.add(resolveName(next, name))
      }
    }
    return new TemplateError('block/unknown', message, { template, block })
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
      refuseDoubleBlocks(written, name)
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
      const place = { template: parent ?? '', ...this.#placeOf(parent, undefined) }
      return done(
        templateError(
          'template/name',
          place,
          `the name of a template came out as ${describe(given)}.`,
        ),
      )
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
    if (!isPlainName(name)) {
      const place = { template: from ?? name, ...this.#placeOf(from, wanted) }
      const hint = 'Names are relative to the template folder, with "/" between folders.'
      return templateError(
        'template/name',
        place,
        `${JSON.stringify(name)} is no name of a template.`,
        { hint },
      )
    }
    const message = `template "${name}" not found ${didYouMean(name, this.names())}`
    if (from === undefined)
      return new TemplateError('template/missing', message, { template: name })
    const place = { template: from, ...this.#placeOf(from, wanted) }
    return templateError('template/missing', place, message)
  }

  #placeOf(
    template: string | undefined,
    wanted: string | undefined,
  ): { line?: number; column?: number } {
    const ast = template === undefined ? undefined : this.#loaded.get(template)?.ast
    const nodes = ast ? referencesIn(ast) : []
    const unknown = nodes.filter((each) => each.typename !== 'Literal')
    const literal = nodes.find((each) => each.typename === 'Literal' && each['value'] === wanted)
    const node = literal ?? (unknown.length === 1 ? unknown[0] : undefined)
    return node ? { line: node.lineno + 1, column: node.colno + 1 } : {}
  }

  readonly #nothing: LoadedTemplate = new LoadedTemplate('', {} as InnerEnvironment, {
    root: (_env, _context, _frame, _runtime, done) => done(null, ''),
  })
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
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

/** Where a template names others: what stands behind its includes, imports and extends. */
function referencesIn(node: AstNode): AstNode[] {
  const target = optionalChild(node, 'template')
  return [...(target ? [target] : []), ...childrenOf(node).flatMap(referencesIn)]
}
