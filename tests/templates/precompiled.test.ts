import nunjucks from 'nunjucks'
import { expect, test } from 'vitest'
import type { CompiledTemplate } from '../../src/templates/nunjucks/internals.ts'
import { createNunjucksEngine } from './create-engine.ts'
import { fromRecord } from '../../src/templates/source.ts'

function compile(templates: Record<string, string>): Record<string, CompiledTemplate> {
  const wrapper = ([each]: { template: string }[]): string => each!.template
  return Object.fromEntries(
    Object.entries(templates).map(([name, text]) => {
      const code = nunjucks.precompileString(text, { name, wrapper: wrapper as never })
      return [name, new Function(code)() as CompiledTemplate]
    }),
  )
}

const precompiled = compile({
  'base.html':
    '<nav>{{ menu() }}</nav>{% set t = t or "T" %}{% block main %}{% set x = "X" %}{% block inner %}{{ t }}{{ x }}{% endblock %}{% endblock %}',
  'm.html': '{% macro f(a) %}({{ a }}{{ text }}){% endmacro %}',
  'a.html':
    '{% extends "base.html" %}{% import "m.html" as m %}{% set n = text | length %}{% set c = cycler(1, 2) %}{% block inner %}{{ super() }}{{ m.f(text) }}{{ n }}{{ c.next() }}{% endblock %}{% block own %}{{ n }}{% endblock %}',
  'loop.html': '{% for m in ms %}{% block row %}{{ m.t }}{% endblock %}{% endfor %}',
})
const engine = createNunjucksEngine(fromRecord({}), { precompiled })

test('a block of precompiled templates is drawn alone, at each draw anew', async () => {
  const renderer = await engine.open('a.html', 'inner', { text: '<' })
  expect([
    renderer.render(),
    renderer.render({ text: 'abc' }),
    renderer.render({ other: 1 }),
  ]).toEqual(['TX(&lt;)11', 'TX(abc)31', 'TX(&lt;)11'])
})

test('a block that the page never draws sees what the page declares', async () => {
  expect((await engine.open('a.html', 'own', { text: 'ab' })).render()).toBe('2')
})

test('a block in a loop takes its variable from the context, with the list or without it', async () => {
  const alone = await engine.open('loop.html', 'row', { m: { t: 1 } })
  expect([alone.render(), alone.render({ m: { t: 2 } })]).toEqual(['1', '2'])
  const within = await engine.open('loop.html', 'row', { ms: [{ t: 8 }, { t: 9 }], m: { t: 1 } })
  expect(within.render()).toBe('1')
})

test('pages, lists of blocks and unknown names are as with sources', async () => {
  expect(await engine.render('loop.html', { ms: [{ t: 1 }, { t: 2 }] })).toBe('12')
  expect((await engine.blocks('a.html')).toSorted()).toEqual(['inner', 'main', 'own'])
  await expect(engine.open('a.html', 'iner')).rejects.toMatchObject({
    code: 'block/unknown',
    message: expect.stringContaining('did you mean "inner"?'),
  })
  await expect(engine.open('b.html', 'inner')).rejects.toMatchObject({ code: 'template/missing' })
})

test('a template with its source may extend one without', async () => {
  const mixed = createNunjucksEngine(
    fromRecord({
      'mine.html':
        '{% extends "base.html" %}{% set t = "mine" %}{% block main %}[{{ super() }}]{% endblock %}',
    }),
    { precompiled },
  )
  expect((await mixed.open('mine.html', 'main')).render()).toBe('[mineX]')
  expect((await mixed.open('mine.html', 'inner')).render()).toBe('mineX')
})
