import { HOLE, SEAM } from '../../html/markup-tags.ts'
import { unknownName } from './block-facts.ts'
import type { AstNode } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { literalName, mentionsIn } from './mentions.ts'
import { boundBy, childrenOf, compiledBlocks, items, nameOf } from './syntax.ts'
import { resolveName, type TemplateCatalog } from './template-catalog.ts'

/** A place in a template, from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Something that a template names. */
export interface Named extends Place {
  readonly name: string
}

/** What a template says of itself, without being drawn. */
export interface TemplateFacts {
  readonly name: string
  readonly blocks: readonly Named[]
  /** The templates that it extends, includes and imports. */
  readonly parts: readonly (Named & { readonly optional: boolean })[]
  /** One of them is only known when the template is drawn. */
  readonly hasUnknownParts: boolean
  /** That is one that it extends, so its blocks are not all known. */
  readonly hasUnknownParent: boolean
  /** What it takes from another one by `{% from … import … %}`. */
  readonly taken: readonly (Named & { readonly from: string })[]
  /** What another one may take from it; nothing when that is not known. */
  readonly given: ReadonlySet<string> | undefined
  /** Blocks of other templates that it draws by `renderBlock()`, as far as they are written down. */
  readonly drawn: readonly (Named & { readonly block: string })[]
  /** Filters and tests that nobody added: what is wrong, and what to do. */
  readonly unknown: readonly (Place & { readonly message: string; readonly hint: string })[]
  /** Its markup, with `HOLE` for what it prints and `SEAM` where a body begins or ends. */
  readonly html: string
  /** The place in the template of a character of `html`. */
  placeOf(at: number): Place
}

/**
 * Reads a template from its syntax tree.
 *
 * Throws  TemplateError `template/missing`, `template/invalid`, … for a template that cannot be used.
 */
export function factsOf(catalog: TemplateCatalog, name: string): TemplateFacts {
  const template = catalog.get(name)
  const root = template.ast
  const nodes = root ? items(root) : []
  const mentions = mentionsIn(nodes, name, true)
  const parts = mentions.references.map((node) => part(node, literalName(node)))
  const isParent = (_: unknown, index: number): boolean =>
    mentions.references[index]!.typename === 'Extends'
  return {
    name,
    blocks: root ? compiledBlocks(root).map((node) => at(node, nameOf(node))) : [],
    parts: parts
      .filter((each) => each.name !== '')
      .map((each) => ({ ...each, name: resolveName(each.name, name) })),
    hasUnknownParts: parts.some((each) => each.name === ''),
    hasUnknownParent: parts.filter(isParent).some((each) => each.name === ''),
    taken: nodes.flatMap((node) => takenNames(node, name)),
    // What a parent declares is given, too.
    given: root && template.parents.length === 0 ? declaredIn(nodes) : undefined,
    drawn: nodes.flatMap(drawnBlocks),
    unknown: mentions.filters.flatMap((each) => {
      const wrong = unknownName(each, catalog.env)
      const { lineno, colno } = each.node
      if (!wrong) return []
      return [{ line: lineno + 1, column: colno + 1, message: wrong.message, hint: wrong.hint }]
    }),
    ...markupOf(template, catalog),
  }
}

const at = (node: AstNode, name: string): Named => ({
  name,
  line: node.lineno + 1,
  column: node.colno + 1,
})

function part(node: AstNode, name = ''): Named & { optional: boolean } {
  return { ...at(node['template'] as AstNode, name), optional: Boolean(node['ignoreMissing']) }
}

/** What is declared outside of blocks. */
function declaredIn(nodes: readonly AstNode[]): Set<string> {
  const found = new Set<string>()
  const visit = (node: AstNode): void => {
    for (const name of boundBy(node)) found.add(name)
    if (node.typename !== 'Block' && node.typename !== 'Macro') childrenOf(node).forEach(visit)
  }
  nodes.forEach(visit)
  return found
}

function takenNames(node: AstNode, template: string): (Named & { from: string })[] {
  const inner = childrenOf(node).flatMap((each) => takenNames(each, template))
  const source = node['template'] as AstNode
  if (node.typename !== 'FromImport' || source.typename !== 'Literal') return inner
  const from = resolveName(String(source['value']), template)
  const names = items(node['names'] as AstNode).map((each) =>
    each.typename === 'Pair' ? (each['key'] as AstNode) : each,
  )
  return [...inner, ...names.map((each) => ({ ...at(each, nameOf(each)), from }))]
}

function drawnBlocks(node: AstNode): (Named & { block: string })[] {
  const inner = childrenOf(node).flatMap(drawnBlocks)
  if (node.typename !== 'FunCall') return inner
  const callee = node['name'] as AstNode
  if (callee.typename !== 'Symbol' || callee['value'] !== 'renderBlock') return inner
  const [template, block] = items(node['args'] as AstNode)
  if (template?.typename !== 'Literal' || block?.typename !== 'Literal') return inner
  return [...inner, { ...at(template, String(template['value'])), block: String(block['value']) }]
}

/** The template's text without what it does, and the way back from there. */
function markupOf(
  { ast, name }: LoadedTemplate,
  catalog: TemplateCatalog,
): Pick<TemplateFacts, 'html' | 'placeOf'> {
  const source = catalog.source.read(name)?.text ?? ''
  const lines = [0]
  for (let end = source.indexOf('\n'); end >= 0; end = source.indexOf('\n', end + 1))
    lines.push(end + 1)
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
      const seam = HOLDS_BODIES.has(node.typename) ? SEAM : ''
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

/** What a template may leave out, print again or print elsewhere. */
const HOLDS_BODIES: ReadonlySet<string> = new Set([
  'Set',
  'Block',
  'Macro',
  'Caller',
  'Capture',
  'If',
  'IfAsync',
  'For',
  'AsyncEach',
  'AsyncAll',
  'Switch',
  'Case',
  'CallExtension',
  'CallExtensionAsync',
])
