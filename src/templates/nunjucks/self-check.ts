import { ConfigError } from '../../base/errors.ts'
import { compileTemplate } from './compiler.ts'
import {
  type InnerEnvironment,
  newEnvironment,
  parseTemplate,
  transformTemplate,
} from './internals.ts'
import { blockNodes, child, childrenOf, items, parentsOf } from './syntax.ts'

const PROBE =
  '{% extends "p" %}{% set x = y | f %}{% set z = x.a %}{% block b %}{{ super() }}{{ x }}{% endblock %}'

let checked = false

/**
 * Looks once whether nunjucks is built as this folder relies on: the shape of its syntax trees, what its transformer does
 * to them, what its compiler emits.
 *
 * Throws  ConfigError `config/invalid`, which names the first thing that is different.
 */
export function checkNunjucks(): void {
  if (checked) return
  const env = newEnvironment(() => undefined, { autoescape: true })
  env.addFilter('f', (value: unknown) => value, true)
  for (const [what, holds] of relied(env)) {
    let ok: boolean
    try {
      ok = holds()
    } catch {
      ok = false
    }
    if (ok) continue
    const hint = 'Install nunjucks 3.2.4: npm install nunjucks@3.2.4 --save-exact.'
    throw new ConfigError(
      'config/invalid',
      `the installed nunjucks is not the one expected: ${what}.`,
      { hint },
    )
  }
  checked = true
}

function* relied(env: InnerEnvironment): Generator<[what: string, holds: () => boolean]> {
  const ast = transformTemplate(parseTemplate(PROBE, env), 'probe', env)
  const types = (nodes: readonly { typename: string }[]): string =>
    nodes.map((node) => node.typename).join()
  yield ['an extends is found in the tree', () => parentsOf(ast)[0]?.name === 'p']
  const [, set] = items(ast)
  yield ['an async filter is lifted', () => types(items(set!)) === 'FilterAsync,Set']
  const body = child(blockNodes(ast)['b']!, 'body')
  yield ['super() is lifted', () => types(items(body)) === 'Super,Output,Output']
  yield ['children are found', () => childrenOf(body).length === 3]
  const { root, b_b: block } = compileTemplate(ast, 'probe', env)
  const has = (text: unknown, ...parts: string[]): boolean =>
    parts.every((part) => String(text).includes(part))
  yield [
    'a page declares by its context',
    () => has(root, 'runtime.attempt(context', 'context.setVariable("z"', 'context.extend('),
  ]
  yield [
    'a block asks its context',
    () => has(block, 'context.getSuper(', 'contextOrFrameLookup(', 'if (!context.isPassing)'),
  ]
}
