import { templateError } from './failure.ts'
import type { AstNode, InnerEnvironment } from './internals.ts'
import { child, childrenOf, nameOf, optionalChild } from './syntax.ts'

/**
 * Refuses asynchronous filters where nunjucks loses them: in the body of a `set`, in a switch, a macro or a `call`, in a
 * captured text and on the right of a comparison. There the process ends with an uncaught error, hangs, or prints nothing.
 *
 * In      the tree as it was written.
 * Throws  TemplateError `template/async-filter`.
 */
export function refuseLostFilters(root: AstNode, template: string, env: InnerEnvironment): void {
  const waits = new Set(env.asyncFilters)
  visit(root, undefined)

  function visit(node: AstNode, lostIn: string | undefined): void {
    const { typename } = node
    const filter = typename === 'Filter' ? nameOf(child(node, 'name')) : undefined
    if (lostIn !== undefined) {
      if (filter !== undefined && waits.has(filter))
        refuse(node, `async filter "${filter}"`, lostIn)
      if (typename === 'CallExtensionAsync')
        refuse(node, `async tag "${String(node['extName'])}"`, lostIn)
    }
    for (const each of childrenOf(node)) visit(each, lostIn ?? losing(node, each))
  }

  function refuse(node: AstNode, what: string, where: string): never {
    const place = { template, line: node.lineno + 1, column: node.colno + 1 }
    const hint = 'Apply it outside, or give the finished value in the context.'
    throw templateError('template/async-filter', place, `${what} cannot be used inside ${where}.`, {
      hint,
    })
  }
}

/** What loses an asynchronous filter that stands in this part of a node. */
function losing(node: AstNode, part: AstNode): string | undefined {
  switch (node.typename) {
    case 'Macro':
      return 'a macro'
    case 'Caller':
      return 'a {% call %}'
    case 'Capture':
      return 'a {% filter %} block'
    case 'Switch':
      return 'a {% switch %}'
    case 'Set':
      return part === optionalChild(node, 'body') ? 'a {% set %} block' : undefined
    case 'CompareOperand':
      return 'the right side of a comparison'
    case 'Extends':
    case 'Include':
    case 'Import':
    case 'FromImport':
      return 'the name of a template'
    default:
      return undefined
  }
}
