import { templateError } from './failure.ts'
import type { AstNode, InnerEnvironment } from './internals.ts'
import { child, childrenOf, nameOf } from './syntax.ts'

/** What loses an asynchronous filter: all of a node, or the part under a name. */
const LOSING: Readonly<Record<string, readonly [what: string, part?: string]>> = {
  Macro: ['a macro'],
  Caller: ['a {% call %}'],
  Capture: ['a {% filter %} block'],
  Switch: ['a {% switch %}'],
  Set: ['a {% set %} block', 'body'],
  CompareOperand: ['the right side of a comparison'],
  Extends: ['the name of a template'],
  Include: ['the name of a template'],
  Import: ['the name of a template'],
  FromImport: ['the name of a template'],
}

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
    const name = node.typename === 'Filter' ? nameOf(child(node, 'name')) : ''
    let what: string | undefined
    if (waits.has(name)) what = `async filter "${name}"`
    if (node.typename === 'CallExtensionAsync') what = `async tag "${String(node['extName'])}"`
    if (what !== undefined && lostIn !== undefined) {
      const place = { template, line: node.lineno + 1, column: node.colno + 1 }
      const message = `${what} cannot be used inside ${lostIn}.`
      const hint = 'Apply it outside, or give the finished value in the context.'
      throw templateError('template/async-filter', place, message, { hint })
    }
    const [losing, part] = LOSING[node.typename] ?? []
    for (const each of childrenOf(node)) {
      const isLost = part === undefined || each === node[part]
      visit(each, lostIn ?? (isLost ? losing : undefined))
    }
  }
}
