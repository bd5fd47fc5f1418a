import { templateError } from './failure.ts'
import type { AstNode } from './internals.ts'
import { compiledBlocks, nameOf } from './syntax.ts'

/**
 * Refuses two blocks of one name in a template: nunjucks does so too, but cannot say where.
 *
 * Throws  TemplateError `template/invalid`, with the place of the second.
 */
export function refuseDoubleBlocks(root: AstNode, template: string): void {
  const lines = new Map<string, number>()
  for (const node of compiledBlocks(root)) {
    const name = nameOf(node)
    const line = node.lineno + 1
    const first = lines.get(name)
    if (first !== undefined) {
      const place = { template, block: name, line, column: node.colno + 1 }
      const hint = 'A name stands for one block in a template; draw it again with renderBlock().'
      throw templateError('template/invalid', place, `is there already, on line ${first}.`, {
        hint,
      })
    }
    lines.set(name, line)
  }
}
