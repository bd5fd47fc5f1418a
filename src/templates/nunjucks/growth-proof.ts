import type { FullPlan, GrowthPlan } from '../growth.ts'
import { MarkupScan, type OpenElement } from '../markup-scan.ts'
import type { BlockTable } from './block-context.ts'
import type { Chain } from './chain.ts'
import { ReadsCloser, wholeReads } from './closed-reads.ts'
import { type Declaration, declarationsIn } from './declarations.ts'
import type { AstNode } from './internals.ts'
import { markdownOf } from './markdown-filter.ts'
import type { Plan } from './plan.ts'
import { boundBy, readsOf } from './reads.ts'
import type { TemplateCatalog } from './template-catalog.ts'
import { child, isCondition, isExtension, isLoop, items, nameOf, optionalChild } from './syntax.ts'

/**
 * How a block may travel while `key` grows, from its syntax tree.
 *
 * The proof: the key is read at one place only, that place prints it and nothing else, the place is text inside an
 * element, and the element ends right behind it. Whatever is not seen to be so is refused, with its line.
 */
export function proveGrowth(plan: Plan, key: string): GrowthPlan {
  return proved(() => new Proof(plan, key).ofBlock(plan))
}

/**
 * The same for a whole page, from the first text on: whether there is any may decide on what is shown. What a chain holds
 * beside its page and its blocks is never printed.
 */
export function provePageGrowth(
  chain: Chain,
  table: BlockTable,
  catalog: TemplateCatalog,
  key: string,
): GrowthPlan {
  return proved(() => new Proof({ chain, table, catalog }, key).ofPage())
}

function proved(prove: () => GrowthPlan): GrowthPlan {
  try {
    return prove()
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal.plan
    throw refusal
  }
}

class Refusal extends Error {
  readonly plan: FullPlan

  constructor(reason: string, template?: string, node?: AstNode) {
    super(reason)
    const line = node && node.lineno + 1
    const text = line === undefined ? reason : `line ${line}: ${reason}`
    this.plan = {
      kind: 'full',
      reason: text,
      ...(line !== undefined && { line }),
      ...(template !== undefined && { template }),
    }
  }
}

interface At {
  readonly template: string
  readonly block: string
  readonly level: number
  /** What `{{ super() }}` left behind: printing it prints the parent's version. */
  readonly parents: Set<string>
}

type Found = {
  kind: 'append' | 'settle'
  element: OpenElement | undefined
  template: string
  line: number
}

class Proof {
  readonly #plan: Pick<Plan, 'chain' | 'table' | 'catalog'>
  readonly #key: string
  /** The text is there already, and it is only asked how it goes on. */
  #fromFirst = false
  #scan = new MarkupScan()
  #found: Found | undefined
  /** The next thing printed decides whether the element ends right behind the key. */
  #waiting = false
  #ends = false

  constructor(plan: Pick<Plan, 'chain' | 'table' | 'catalog'>, key: string) {
    this.#plan = plan
    this.#key = key
  }

  ofBlock({ block, needs, target }: Plan): GrowthPlan {
    for (const each of target.references) {
      if (each.kind === 'import') continue
      const what = each.kind === 'include' ? 'an include' : 'an import with context'
      throw new Refusal(`${what} may read "${this.#key}"`, each.from, each.node)
    }
    if (target.everything) throw new Refusal('the block holds something that may read anything')
    for (const declaration of needs.declarations) this.#declared(declaration)
    if (needs.reads.has(this.#key) || needs.readsEverything) {
      throw new Refusal(`what is declared before the block depends on "${this.#key}"`)
    }
    this.#block(block, 0)
    return this.#result('block')
  }

  ofPage(): GrowthPlan {
    this.#fromFirst = true
    const { chain, table, catalog } = this.#plan
    const page = chain.templates[chain.templates.length - 1]!
    const nodes = items(page.ast!)
    const whole = new ReadsCloser(table, catalog).closeNodes(nodes, page.name)
    if (whole.everything) throw new Refusal('the page holds something that may read anything')
    for (const reference of whole.references) {
      const { kind, from, node } = reference
      if (kind === 'import') continue
      const { names, sets } = wholeReads(reference, catalog)
      if (kind === 'include' && !names.has(this.#key) && !sets.has(this.#key)) continue
      throw new Refusal(`an ${kind} may read "${this.#key}"`, from, node)
    }
    for (const { ast, name } of chain.templates) {
      for (const declaration of declarationsIn(items(ast!), name)) this.#declared(declaration)
    }
    const at = { template: page.name, block: '', level: 0, parents: new Set<string>() }
    for (const node of nodes) this.#statement(node, at)
    return this.#result('page')
  }

  #result(what: string): GrowthPlan {
    const { chain, catalog } = this.#plan
    if (chain.reads.has(this.#key)) throw new Refusal(`the parent depends on "${this.#key}"`)
    const found = this.#found
    if (!found) throw new Refusal(`the ${what} does not read "${this.#key}"`)
    if (found.kind === 'append' && !catalog.env.opts.autoescape) {
      throw new Refusal(`autoescape is off, so "${this.#key}" is not printed as text`)
    }
    const { kind, element, template, line } = found
    const usable = this.#ends && element && (element.id !== undefined || element.lendable)
    const place = { template, line }
    if (!usable) return { kind, ...place }
    const { tag, id } = element
    return { kind, ...place, element: id === undefined ? { tag } : { tag, id } }
  }

  #declared({ node, names, reads, guards, template }: Declaration): void {
    if (names.includes(this.#key)) throw new Refusal(`"${this.#key}" is set here`, template, node)
    if (reads.references.some(({ kind }) => kind === 'import with context')) {
      throw new Refusal(`an import with context may read "${this.#key}"`, template, node)
    }
    if (!reads.names.has(this.#key) && !guards.names.has(this.#key)) return
    const what =
      node.typename === 'Macro' ? `the macro "${nameOf(node)}"` : 'a declaration before the block'
    throw new Refusal(`${what} depends on "${this.#key}"`, template, node)
  }

  #block(block: string, level: number): void {
    const family = this.#plan.table[block]?.[level]
    if (!family) return
    const { template } = family
    const node = this.#plan.catalog.get(template).blockNodes[block]
    if (!node) throw new Refusal(`"${template}" came without its source`)
    this.#statement(child(node, 'body'), { template, block, level, parents: new Set() })
  }

  #statement(node: AstNode, at: At): void {
    const type = node.typename
    if (type === 'Output') {
      for (const each of items(node)) this.#output(each, at)
    } else if (type === 'NodeList') {
      for (const each of items(node)) this.#statement(each, at)
    } else if (type === 'Block') {
      this.#block(nameOf(node), 0)
    } else if (type === 'Super') {
      at.parents.add(nameOf(child(node, 'symbol')))
    } else if (isCondition(node)) {
      const condition = child(node, 'cond')
      if (!this.#isAnyText(condition))
        this.#refuseIn(condition, at, `a condition depends on "${this.#key}"`)
      this.#branches(node, [child(node, 'body'), optionalChild(node, 'else_')], at)
    } else if (isLoop(node) || type === 'Switch') {
      const what = isLoop(node) ? 'a loop' : 'a {% switch %}'
      this.#refuseIn(node, at, `"${this.#key}" stands in ${what}`)
      this.#branches(node, this.#bodiesOf(node), at)
    } else if (type === 'Include') {
      this.#refuseIn(node, at, `the name of an include depends on "${this.#key}"`)
      this.#follow('')
      this.#scan.markup()
    } else if (isExtension(node)) {
      throw new Refusal('a tag may read anything', at.template, node)
    } else {
      if (boundBy(node).includes(this.#key))
        throw new Refusal(`"${this.#key}" is set here`, at.template, node)
      const what = type === 'Set' ? 'a {% set %}' : type === 'Macro' ? 'a macro' : 'a declaration'
      this.#refuseIn(node, at, `${what} depends on "${this.#key}"`)
    }
  }

  /** It asks for no more than whether there is a text. */
  #isAnyText(condition: AstNode): boolean {
    if (!this.#fromFirst) return false
    if (condition.typename === 'Not') return this.#isAnyText(child(condition, 'target'))
    return condition.typename === 'Symbol' && nameOf(condition) === this.#key
  }

  #bodiesOf(node: AstNode): (AstNode | undefined)[] {
    if (isLoop(node)) return [child(node, 'body'), optionalChild(node, 'else_')]
    const cases = (node['cases'] as AstNode[]).map((each) => child(each, 'body'))
    return [...cases, optionalChild(node, 'default')]
  }

  /** Bodies of which one, or none, is printed: all must leave the markup where it was found, as far as it matters. */
  #branches(node: AstNode, bodies: readonly (AstNode | undefined)[], at: At): void {
    this.#follow('')
    const before = this.#scan
    let after: MarkupScan | undefined
    let same = true
    for (const body of bodies) {
      const foundBefore = this.#found
      this.#scan = before.clone()
      if (body) this.#statement(body, at)
      if (this.#found !== foundBefore) this.#follow('')
      if (after && !after.equals(this.#scan)) same = false
      after = this.#scan
    }
    if (isLoop(node) && after && !after.equals(before)) same = false
    if (!same && !this.#found) after!.markup()
  }

  #output(node: AstNode, at: At): void {
    const type = node.typename
    if (type === 'TemplateData') {
      const html = String(node['value'])
      this.#follow(html)
      this.#scan.feed(html)
      return
    }
    if (type === 'Symbol' && at.parents.has(nameOf(node)))
      return this.#block(at.block, at.level + 1)
    const kind = this.#printed(node)
    if (kind) return this.#find(kind, node, at)
    this.#refuseIn(node, at, this.#reasonAgainst(node))
    this.#follow('')
    if (mayPrintMarkup(node)) this.#scan.markup()
    else this.#scan.value()
  }

  /** How the key is printed here, when it is all that is printed. */
  #printed(node: AstNode): Found['kind'] | undefined {
    const isKey = (each: AstNode | undefined): boolean =>
      each?.typename === 'Symbol' && nameOf(each) === this.#key
    if (isKey(node)) return 'append'
    if (node.typename !== 'Filter') return undefined
    const given = items(child(node, 'args'))
    if (given.length !== 1 || !isKey(given[0])) return undefined
    const filter = nameOf(child(node, 'name'))
    const { filters } = this.#plan.catalog.env
    if (filter === 'markdown' && markdownOf(filters['markdown'])) return 'settle'
    return filter === 'escape' || filter === 'e' ? 'append' : undefined
  }

  #find(kind: Found['kind'], node: AstNode, at: At): void {
    if (this.#found)
      throw new Refusal(`"${this.#key}" is printed more than once`, at.template, node)
    const place = this.#scan.place
    if (typeof place === 'string') {
      throw new Refusal(`"${this.#key}" stands in ${place}`, at.template, node)
    }
    if (kind === 'settle' && this.#scan.isIn('p')) {
      const reason = `Markdown has paragraphs of its own, which end the <p> around "${this.#key}": make that a <div>`
      throw new Refusal(reason, at.template, node)
    }
    this.#found = { kind, element: place, template: at.template, line: node.lineno + 1 }
    this.#waiting = true
  }

  /** In: the literal text that follows; `''` for something that is only known at run time. */
  #follow(html: string): void {
    if (!this.#waiting || this.#found === undefined) return
    this.#waiting = false
    const { element } = this.#found
    const end = element && `</${element.tag}`
    this.#ends = end !== undefined && html.slice(0, end.length).toLowerCase() === end
  }

  #refuseIn(node: AstNode, at: At, reason: string): void {
    const reads = readsOf([node], at.template)
    if (reads.names.has(this.#key)) throw new Refusal(reason, at.template, node)
    for (const block of reads.blocks) {
      if (this.#readsInside(block)) throw new Refusal(reason, at.template, node)
    }
  }

  /** A block inside something that is refused: what it draws counts as standing there. */
  #readsInside(block: string): boolean {
    return (this.#plan.table[block] ?? []).some(({ template }) => {
      const node = this.#plan.catalog.get(template).blockNodes[block]
      return (
        node !== undefined && readsOf([child(node, 'body')], template, true).names.has(this.#key)
      )
    })
  }

  #reasonAgainst(node: AstNode): string {
    const key = `"${this.#key}"`
    switch (node.typename) {
      case 'Filter':
        return `${key} goes through the filter "${nameOf(child(node, 'name'))}"`
      case 'FunCall':
        return `${key} is passed to a call`
      case 'InlineIf':
        return `a condition depends on ${key}`
      default:
        return `${key} is part of an expression`
    }
  }
}

/** Escaped values are text. What a call gives may be finished HTML, and so may what a filter of the app gives. */
function mayPrintMarkup(node: AstNode): boolean {
  switch (node.typename) {
    case 'Symbol':
    case 'Literal':
    case 'LookupVal':
    case 'Compare':
    case 'Concat':
    case 'Add':
    case 'Not':
      return false
    case 'InlineIf': {
      const otherwise = optionalChild(node, 'else_')
      return (
        mayPrintMarkup(child(node, 'body')) ||
        (otherwise !== undefined && mayPrintMarkup(otherwise))
      )
    }
    case 'Or':
    case 'And':
      return mayPrintMarkup(child(node, 'left')) || mayPrintMarkup(child(node, 'right'))
    case 'Group':
      return items(node).some(mayPrintMarkup)
    case 'Filter':
      return !PLAIN_FILTERS.has(nameOf(child(node, 'name')))
    default:
      return true
  }
}

/** Filters of nunjucks that give a plain text or a number for whatever they get. */
const PLAIN_FILTERS: ReadonlySet<string> = new Set([
  'length',
  'round',
  'int',
  'float',
  'wordcount',
  'escape',
  'e',
])
