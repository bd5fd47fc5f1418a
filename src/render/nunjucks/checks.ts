import { nearest } from '../../base/nearest.ts'
import { templateError } from './failure.ts'
import type { AstNode, InnerEnvironment } from './internals.ts'
import type { Needs } from './needs.ts'
import type { Mention } from './reads.ts'
import { child, childrenOf, nameOf, optionalChild } from './syntax.ts'

/**
 * Looks up every filter and test on the way to a block before anything is drawn: at run time nunjucks would tell only
 * when it gets there, and then only where the block begins.
 *
 * Throws  TemplateError `template/filter-unknown`.
 */
export function checkNames(needs: Pick<Needs, 'filters' | 'tests'>, env: InnerEnvironment): void {
  for (const mention of needs.filters) check('filter', mention, env.filters)
  for (const mention of needs.tests) check('test', mention, env.tests)
}

function check(kind: string, { name, template, node }: Mention, known: object): void {
  if (Object.hasOwn(known, name)) return
  const meant = nearest(name, Object.keys(known))
  const place = { template, line: node.lineno + 1, column: node.colno + 1 }
  const hint =
    meant === undefined ? `Add it: ${kind}s: { ${name}: … }.` : `Did you mean "${meant}"?`
  throw templateError('template/filter-unknown', place, `unknown ${kind} "${name}".`, { hint })
}

/**
 * Refuses asynchronous filters where nunjucks loses them: in the body of a `set`, in a switch, a macro or a `call`, in a
 * captured text and in a comparison. There the process ends with an uncaught error, hangs, or prints nothing.
 *
 * Throws  TemplateError `template/async-filter`.
 */
export function refuseLostFilters(root: AstNode, template: string, env: InnerEnvironment): void {
  const waits = new Set(env.asyncFilters)
  const visit = (node: AstNode, sync: string | undefined): void => {
    const type = node.typename
    if (type === 'FilterAsync' || type === 'CallExtensionAsync') {
      if (sync !== undefined) refuse(node, sync)
    } else if (type === 'Filter' && waits.has(nameOf(child(node, 'name')))) {
      // It was not lifted out of its expression, so nunjucks would take it for an ordinary one.
      refuse(node, sync ?? 'this expression')
    }
    const isMacro = type === 'Macro'
    for (const each of childrenOf(node)) {
      let inside = sync
      if (isMacro || type === 'Caller') inside = isMacro ? 'a macro' : 'a {% call %}'
      else if (type === 'Set' && each === optionalChild(node, 'body')) inside = 'a {% set %} block'
      else if (type === 'Capture') inside = sync ?? 'a {% filter %} block'
      else if (type === 'Switch') inside = 'a {% switch %}'
      else if (type === 'Compare') inside = sync ?? 'a comparison'
      else if (SILENT.has(type)) inside = sync ?? 'the name of a template'
      if (type === 'Block') inside = undefined
      visit(each, inside)
    }
  }
  const refuse = (node: AstNode, where: string): never => {
    const isFilter = node.typename !== 'CallExtensionAsync'
    const what = isFilter
      ? `async filter "${nameOf(child(node, 'name'))}"`
      : `async tag "${String(node['extName'])}"`
    const place = { template, line: node.lineno + 1, column: node.colno + 1 }
    const hint = 'Apply it outside, or give the finished value in the context.'
    throw templateError('template/async-filter', place, `${what} cannot be used inside ${where}.`, {
      hint,
    })
  }
  visit(root, undefined)
}

const SILENT = new Set(['Extends', 'Include', 'Import', 'FromImport'])
