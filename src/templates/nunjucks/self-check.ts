import { ConfigError } from '../../base/errors.ts'
import { RuntimeFrame } from './frame.ts'
import {
  compileSlice,
  compileTemplate,
  type InnerEnvironment,
  newEnvironment,
  parseTemplate,
  transformTemplate,
} from './internals.ts'
import { runtime } from './runtime.ts'
import { blockNodes, child, childrenOf, items, parentsOf } from './syntax.ts'

const PROBE = '{% extends "p" %}{% set x = y | f %}{% block b %}{{ super() }}{{ x }}<{% endblock %}'

let checked = false

/**
 * Looks once whether nunjucks is built as this folder relies on: the shape of its syntax trees, what its transformer does
 * to them, what its compiler makes of a block and of a slice.
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
  const [, set] = items(ast)
  yield ['an extends is found in the tree', () => parentsOf(ast)[0]?.name === 'p']
  yield ['an async filter is lifted before its set', () => types(items(set!)) === 'FilterAsync,Set']
  const body = child(blockNodes(ast)['b']!, 'body')
  yield [
    'super() is lifted to the start of its block',
    () => types(items(body)) === 'Super,Output,Output,Output',
  ]
  yield ['children are found', () => childrenOf(body).length === 4]
  const compiled = compileTemplate(ast, 'probe', env)
  yield [
    'a template compiles to a root and its blocks',
    () => Object.keys(compiled).toSorted().join() === 'b_b,root',
  ]
  const given = {
    env: {
      getFilter: () => (value: unknown, done: (e: null, v: unknown) => void) => done(null, value),
      opts: env.opts,
    },
    context: {
      values: { y: '&' } as Record<string, unknown>,
      lookup: (name: string) => given.context.values[name],
      setVariable: (name: string, value: unknown) => (given.context.values[name] = value),
      addExport() {},
      getSuper: (...values: ((e: null, t: string) => void)[]) => values.at(-1)!(null, 'S'),
    },
  }
  const slice = compileSlice(
    [set!],
    { template: 'probe', isPage: true, isBlock: false, level: 0 },
    env,
  )
  const frame = new RuntimeFrame()
  frame.topLevel = true
  yield [
    'a slice runs its declarations',
    () => {
      let x: unknown
      slice(given.env, given.context, frame, runtime, (_error, end) => (x = end?.lookup('x')))
      return x === '&' && given.context.values['x'] === '&'
    },
  ]
  yield [
    'a block is drawn by its function alone',
    () => {
      let html: string | undefined
      compiled['b_b']!(given.env, given.context, frame, runtime, (_error, text) => (html = text))
      return html === 'S&amp;<'
    },
  ]
}
