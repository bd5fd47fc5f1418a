import type { AstNode } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { type Reads, readsOf } from './reads.ts'
import { declarationsIn } from './declarations.ts'
import type { TemplateCatalog } from './template-catalog.ts'
import { child, items, optionalChild } from './syntax.ts'

/**
 * Whether a `set` may make something that can be changed later: a list, an object, the result of a call. Texts, numbers
 * and what the context holds are not: what the page is given lasts as long as its giver wants.
 */
export function makesSomethingNew(node: AstNode): boolean {
  switch (node.typename) {
    case 'Set': {
      const value = optionalChild(node, 'value')
      return value !== undefined && makesSomethingNew(value)
    }
    case 'FunCall':
    case 'Array':
    case 'Dict':
    case 'Filter':
    case 'FilterAsync':
      return true
    case 'Or':
    case 'And':
      return makesSomethingNew(child(node, 'left')) || makesSomethingNew(child(node, 'right'))
    case 'InlineIf': {
      const otherwise = optionalChild(node, 'else_')
      return (
        makesSomethingNew(child(node, 'body')) || (otherwise ? makesSomethingNew(otherwise) : false)
      )
    }
    case 'Group':
      return items(node).some(makesSomethingNew)
    default:
      return false
  }
}

/** Whether a `set` may give another name to what one of its variables holds. Texts and numbers are nobody's. */
export function mayBeSame(node: AstNode): boolean {
  const value = optionalChild(node, 'value')
  return value !== undefined && !PLAIN.has(value.typename)
}

const PLAIN: ReadonlySet<string> = new Set(
  'Literal Compare Not In Is Concat Add Sub Mul Div FloorDiv Mod Pow Neg Pos'.split(' '),
)

/** Whether what is read may change one of `names`: it calls them, or calls something that may stand for one of them. */
export function mutates(reads: Reads, names: Iterable<string>): boolean {
  if (reads.calls.has('')) return true
  for (const name of names) if (reads.calls.has(name)) return true
  return false
}

const lasting = new WeakMap<LoadedTemplate, boolean>()

/**
 * Whether an imported file keeps nothing that using it changes, so that one import may serve many draws. A file with a
 * counter at its top starts anew with every page, and must do so with every draw of a block.
 */
export function isLasting(file: LoadedTemplate, catalog: TemplateCatalog): boolean {
  const known = lasting.get(file)
  if (known !== undefined) return known
  lasting.set(file, true)
  const result = decide()
  lasting.set(file, result)
  return result

  function decide(): boolean {
    if (!file.ast) return false
    const whole = readsOf(items(file.ast), file.name, true)
    if (whole.opaque) return false
    const changeable: string[] = []
    for (const { node, names, reads } of declarationsIn(items(file.ast), file.name)) {
      if (node.typename === 'Set' && makesSomethingNew(node)) changeable.push(...names)
      if (node.typename !== 'Import' && node.typename !== 'FromImport') continue
      for (const { name } of reads.references) {
        const next = name === undefined ? undefined : catalog.lookUp(name, file.name)
        if (!next || !isLasting(next, catalog)) return false
      }
    }
    return changeable.length === 0 || !mutates(whole, changeable)
  }
}
