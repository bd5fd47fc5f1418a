import type { AstNode } from './internals.ts'
import { items, optionalChild } from './syntax.ts'

/**
 * Whether what a template exports is the same each time: macros, and variables with a literal text or number. Such a
 * file is run once for all who import it.
 */
export function isConstant(root: AstNode): boolean {
  return items(root).every((node) => {
    if (node.typename === 'Macro') return true
    if (node.typename === 'Output')
      return items(node).every((each) => each.typename === 'TemplateData')
    const value = node.typename === 'Set' ? optionalChild(node, 'value') : undefined
    return value?.typename === 'Literal' && typeof value['value'] !== 'object'
  })
}
