import { HOLE, SEAM } from '../../html/tags.ts'
import {
  type AstNode,
  blocksIn,
  child,
  childrenOf,
  type InnerEnvironment,
  items,
  nameOf,
  nodesIn,
} from './internals.ts'
import { type LoadedTemplate, resolveName, type TemplateCatalog, unknownName } from './loader.ts'

/** A place in a template, from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

export interface Named extends Place {
  readonly name: string
}

/** Facts about a template that its text alone tells. */
export interface TemplateFacts {
  readonly name: string
  readonly blocks: readonly Named[]
  /** The templates that it extends, includes and imports. */
  readonly parts: readonly (Named & { readonly optional: boolean })[]
  /** True when one of them is only known at run time. */
  readonly hasUnknownParts: boolean
  /** True when that is one that it extends, so its blocks are not all known. */
  readonly hasUnknownParent: boolean
  /** Names that it imports by `{% from … import … %}`. */
  readonly imported: readonly (Named & { readonly from: string })[]
  /** Names that another one may import; undefined when they are not known. */
  readonly exported: ReadonlySet<string> | undefined
  /** Blocks of other templates that it renders by `renderBlock()`, as far as they are written down. */
  readonly rendered: readonly (Named & { readonly block: string })[]
  /** Unknown filters and tests: what is wrong, and what to do. */
  readonly unknown: readonly (Place & { readonly message: string; readonly hint: string })[]
  /** Its markup, with `HOLE` for what it prints and `SEAM` where a body begins or ends. */
  readonly html: string
  /** The place in the template of a character of `html`. */
  placeOf(at: number): Place
}

const REFERENCE = /^(?:Include|Import|FromImport|Extends)$/

/**
 * Reads a template from its syntax tree.
 *
 * Throws  TemplateError `template/missing`, `template/invalid`, … for a template that cannot be used.
 */
export function factsOf(catalog: TemplateCatalog, name: string): TemplateFacts {
  const template = catalog.get(name)
  const root = template.ast
  const nodes = root ? [...nodesIn(root)] : []
  const references = nodes.filter(({ typename }) => REFERENCE.test(typename))
  const isUnknown = (node: AstNode): boolean => targetOf(node) === undefined
  const parents = references.filter(({ typename }) => typename === 'Extends')
  return {
    name,
    blocks: root ? blocksIn(root).map((node) => at(node, nameOf(node))) : [],
    parts: references.flatMap((node) => {
      const target = targetOf(node)
      if (target === undefined) return []
      const named = at(child(node, 'template'), resolveName(target, name))
      return [{ ...named, optional: Boolean(node['ignoreMissing']) }]
    }),
    hasUnknownParts: references.some(isUnknown),
    hasUnknownParent: parents.some(isUnknown),
    imported: nodes.flatMap((node) => {
      const from = targetOf(node)
      if (node.typename !== 'FromImport' || from === undefined) return []
      const names = namesIn(node, 'key')
      return names.map((each) => ({ ...at(each, nameOf(each)), from: resolveName(from, name) }))
    }),
    // What a parent declares is exported, too.
    exported: root && parents.length === 0 ? new Set(declaredIn(root)) : undefined,
    rendered: nodes.flatMap(renderedBlock),
    unknown: nodes.flatMap((node) => unknownIn(node, catalog.env)),
    ...markupOf(template, catalog),
  }
}

const at = (node: AstNode, name: string): Named => ({
  name,
  line: node.lineno + 1,
  column: node.colno + 1,
})

/** The template that an include, import or extends names; undefined when it is only known at run time. */
const targetOf = (node: AstNode): string | undefined => literalOf(node['template'])

function literalOf(value: unknown): string | undefined {
  const node = value as AstNode | undefined
  return node?.typename === 'Literal' ? String(node['value']) : undefined
}

/** The names of `{% from … import key as value %}`. */
function namesIn(node: AstNode, part: 'key' | 'value'): AstNode[] {
  return items(child(node, 'names')).map((each) =>
    each.typename === 'Pair' ? child(each, part) : each,
  )
}

function declaredIn(node: AstNode): string[] {
  const isClosed = node.typename === 'Block' || node.typename === 'Macro'
  return [...boundBy(node), ...(isClosed ? [] : childrenOf(node).flatMap(declaredIn))]
}

function boundBy(node: AstNode): string[] {
  if (node.typename === 'Set') return (node['targets'] as AstNode[]).map(nameOf)
  if (node.typename === 'Macro') return [nameOf(node)]
  if (node.typename === 'Import') return [nameOf(child(node, 'target'))]
  return node.typename === 'FromImport' ? namesIn(node, 'value').map(nameOf) : []
}

function renderedBlock(node: AstNode): (Named & { block: string })[] {
  if (node.typename !== 'FunCall' || child(node, 'name')['value'] !== 'renderBlock') return []
  const args = items(child(node, 'args'))
  const [template, block] = args.map(literalOf)
  if (template === undefined || block === undefined) return []
  return [{ ...at(args[0]!, template), block }]
}

function unknownIn(node: AstNode, env: InnerEnvironment): TemplateFacts['unknown'] {
  const isTest = node.typename === 'Is'
  if (!isTest && !/^Filter(?:Async)?$/.test(node.typename)) return []
  const named = isTest ? child(node, 'right') : node
  const name = String(((named['name'] ?? named) as AstNode)['value'])
  if (Object.hasOwn(isTest ? env.tests : env.filters, name)) return []
  const { message, hint = '' } = unknownName(isTest ? 'test' : 'filter', name, env)
  return [{ line: named.lineno + 1, column: named.colno + 1, message, hint }]
}

/** The template's text without what it does, and the way back from there. */
function markupOf(
  { ast, name }: LoadedTemplate,
  catalog: TemplateCatalog,
): Pick<TemplateFacts, 'html' | 'placeOf'> {
  const source = catalog.source.read(name)?.text ?? ''
  const lines = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)]
  const pieces: { from: number; start: number }[] = []
  let html = ''
  const visit = (node: AstNode): void => {
    if (node.typename === 'TemplateData') {
      const text = String(node['value'])
      const token = (lines[node.lineno] ?? 0) + node.colno
      // Behind a tag that ends in "-%}" the text begins later than its token.
      const start = source.indexOf(text, token)
      pieces.push({ from: html.length, start: start < 0 ? token : start })
      html += text
    } else if (node.typename === 'Output') {
      for (const each of items(node)) {
        if (each.typename !== 'TemplateData') html += HOLE
        visit(each)
      }
    } else {
      const seam = HOLDS_BODIES.test(node.typename) ? SEAM : ''
      html += seam
      for (const each of childrenOf(node)) {
        visit(each)
        html += seam
      }
    }
  }
  if (ast) visit(ast)
  return {
    html,
    placeOf(offset) {
      const piece = pieces.findLast(({ from }) => from <= offset) ?? { from: 0, start: 0 }
      const start = piece.start + offset - piece.from
      const line = lines.findLastIndex((begins) => begins <= start)
      return { line: line + 1, column: start - lines[line]! + 1 }
    },
  }
}

/** Nodes whose bodies a template may leave out, print again or print elsewhere. */
const HOLDS_BODIES =
  /^(?:Set|Block|Macro|Caller|Capture|If|IfAsync|For|AsyncEach|AsyncAll|Switch|Case|CallExtension(?:Async)?)$/
