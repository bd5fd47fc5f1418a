import { describe, expect, test } from 'vitest'
import { safeHtml } from '../../src/templates/nunjucks/filters.ts'
import { engineOf } from './engine-of.ts'

type Draws = readonly (readonly [changes: Record<string, unknown>, html: string])[]

const cases: {
  name: string
  templates: Record<string, string>
  context?: Record<string, unknown>
  draws: Draws
}[] = [
  {
    name: 'changes count for one draw only',
    templates: { 'a.html': '{% block b %}{{ x }}{{ y }}{% endblock %}' },
    context: { x: 1 },
    draws: [
      [{ y: 2 }, '12'],
      [{}, '1'],
      [{ x: 3 }, '3'],
      [{}, '1'],
    ],
  },
  {
    name: 'what is declared from a changed variable is declared again',
    templates: {
      'a.html': '{% set n = text | length %}{% set m = n * 2 %}{% block b %}{{ m }}{% endblock %}',
    },
    context: { text: 'ab' },
    draws: [
      [{}, '4'],
      [{ text: 'abc' }, '6'],
      [{ other: 1 }, '4'],
      [{ text: '' }, '0'],
    ],
  },
  {
    name: 'a macro that reads a changed variable sees it',
    templates: {
      'a.html': '{% macro m() %}<{{ text }}>{% endmacro %}{% block b %}{{ m() }}{% endblock %}',
    },
    context: {},
    draws: [
      [{ text: 1 }, '<1>'],
      [{}, '<>'],
      [{ text: 2 }, '<2>'],
    ],
  },
  {
    name: 'a declaration made by a macro that reads a changed variable is made again',
    templates: {
      'a.html':
        '{% macro m() %}<{{ text }}>{% endmacro %}{% set x = m() %}{% block b %}{{ x }}{% endblock %}',
    },
    context: { text: 0 },
    draws: [
      [{ text: 1 }, '<1>'],
      [{ text: 2 }, '<2>'],
    ],
  },
  {
    name: 'a change of what the page sets changes nothing',
    templates: {
      'a.html':
        '{% set x = "set" %}{% macro m() %}{{ x }}{% endmacro %}{% block b %}{{ x }}{{ m() }}{% endblock %}',
    },
    draws: [[{ x: 'given' }, 'setset']],
  },
  {
    name: 'a change of a variable that the page only completes is seen',
    templates: { 'a.html': '{% set x = x or "default" %}{% block b %}{{ x }}{% endblock %}' },
    draws: [
      [{}, 'default'],
      [{ x: 'given' }, 'given'],
      [{}, 'default'],
    ],
  },
  {
    name: 'a page variable that is set after the block does not hide a change',
    templates: {
      'a.html':
        '{% macro m() %}{{ x }}{% endmacro %}{% block b %}{{ x }}{{ m() }}{% endblock %}{% set x = "late" %}',
    },
    context: { x: 1 },
    draws: [
      [{}, '11'],
      [{ x: 2 }, '22'],
      [{ x: 3 }, '33'],
    ],
  },
  {
    name: 'a loop in the block leaves nothing behind',
    templates: {
      'a.html':
        '{% set n = 0 %}{% block b %}{% for i in [1, 2] %}{% set n = n + i %}{% endfor %}{{ n }}{% endblock %}',
    },
    draws: [
      [{ t: 1 }, '3'],
      [{ t: 2 }, '3'],
    ],
  },
  {
    name: 'a set in the block leaves nothing behind',
    templates: {
      'a.html': '{% block b %}{{ seen }}{% set seen = "seen" %}{{ seen }}{% endblock %}',
    },
    draws: [
      [{}, 'seen'],
      [{}, 'seen'],
    ],
  },
  {
    name: 'a list that the page makes is new for each draw',
    templates: {
      'a.html':
        '{% set list = [] %}{% block b %}{% if list.push(text) %}{% endif %}{{ list }}{% endblock %}',
    },
    draws: [
      [{ text: 'a' }, 'a'],
      [{ text: 'b' }, 'b'],
    ],
  },
  {
    name: 'a list behind another name is new as well',
    templates: {
      'a.html':
        '{% set list = [] %}{% set same = list %}{% block b %}{% set mine = same %}{% if mine.push(text) %}{% endif %}{{ list }}{% endblock %}',
    },
    draws: [
      [{ text: 'a' }, 'a'],
      [{ text: 'b' }, 'b'],
    ],
  },
  {
    name: 'a counter of the page starts anew with each draw',
    templates: {
      'a.html':
        '{% set c = cycler("odd", "even") %}{% block b %}{{ c.next() }}{{ c.next() }}{% endblock %}',
    },
    draws: [
      [{}, 'oddeven'],
      [{}, 'oddeven'],
      [{}, 'oddeven'],
    ],
  },
  {
    name: 'a counter of an imported file starts anew, too',
    templates: {
      'm.html':
        '{% set c = cycler("odd", "even", "more") %}{% macro row() %}{{ c.next() }}{% endmacro %}',
      'a.html': '{% from "m.html" import row %}{% block b %}{{ row() }}{{ row() }}{% endblock %}',
    },
    draws: [
      [{}, 'oddeven'],
      [{}, 'oddeven'],
    ],
  },
  {
    name: 'a joiner of the page is new for each draw',
    templates: {
      'a.html':
        '{% set comma = joiner() %}{% block b %}{% for i in [1, 2] %}{{ comma() }}{{ i }}{% endfor %}{% endblock %}',
    },
    draws: [
      [{}, '1,2'],
      [{}, '1,2'],
    ],
  },
  {
    name: 'a change that chooses another parent draws its block',
    templates: {
      'one.html': '{% block b %}one{% endblock %}',
      'two.html': '{% block b %}two{{ text }}{% endblock %}',
      'a.html': '{% extends layout %}',
    },
    context: { layout: 'one.html' },
    draws: [
      [{ text: 1 }, 'one'],
      [{ layout: 'two.html', text: 2 }, 'two2'],
      [{}, 'one'],
    ],
  },
  {
    name: 'a loop variable may come with the changes',
    templates: {
      'a.html':
        '{% for m in ms %}{% set t = m.t %}{% block row %}{{ m.t }}{{ t }}{% endblock %}{% endfor %}'.replaceAll(
          'row',
          'b',
        ),
    },
    context: { m: { t: 0 } },
    draws: [
      [{ m: { t: 1 } }, '11'],
      [{ m: { t: 2 } }, '22'],
      [{}, '00'],
    ],
  },
  {
    name: 'an include and an import with context see the changes',
    templates: {
      'i.html': '{{ text }}',
      'm.html': '{% macro say() %}({{ text }}){% endmacro %}',
      'a.html':
        '{% import "m.html" as m with context %}{% block b %}{% include "i.html" %}{{ m.say() }}{% endblock %}',
    },
    context: { text: 0 },
    draws: [
      [{ text: 1 }, '1(1)'],
      [{ text: 2 }, '2(2)'],
    ],
  },
]

describe('each draw of an open block', () => {
  test.each(cases)('$name', async ({ templates, context, draws }) => {
    const renderer = await engineOf(templates).open('a.html', 'b', context)
    const html = draws.map(([changes]) => renderer.render(changes))
    expect(html).toEqual(draws.map(([, wanted]) => wanted))
  })

  test('is a plain string when nothing waits', async () => {
    const renderer = await engineOf({ 'a.html': '{% block b %}x{% endblock %}' }).open(
      'a.html',
      'b',
    )
    expect(renderer.render()).toBe('x')
  })

  test('is not touched by a second renderer of the same block', async () => {
    const engine = engineOf({
      'a.html': '{% macro m() %}{{ x }}{{ y }}{% endmacro %}{% block b %}{{ m() }}{% endblock %}',
    })
    const [one, two] = [
      await engine.open('a.html', 'b', { x: 1 }),
      await engine.open('a.html', 'b', { x: 2 }),
    ]
    expect([one.render({ y: 'a' }), two.render(), one.render(), two.render({ y: 'b' })]).toEqual([
      '1a',
      '2',
      '1',
      '2b',
    ])
  })

  test('runs the block alone: not what the page prints, and no declaration twice', async () => {
    const calls: string[] = []
    const engine = engineOf(
      {
        'a.html':
          '{{ log("page") }}{% set x = log("x") %}{% set y = log("y") %}{% block other %}{{ log("other") }}{% endblock %}{% block b %}{{ x }}{{ log("b") }}{{ text }}{% endblock %}',
      },
      { globals: { log: (name: string) => (calls.push(name), name) } },
    )
    const renderer = await engine.open('a.html', 'b')
    expect([renderer.render({ text: 1 }), renderer.render({ text: 2 })]).toEqual(['xb1', 'xb2'])
    expect(calls).toEqual(['x', 'y', 'b', 'b'])
  })
})

describe('the dependencies of a block', () => {
  const page = `{% set n = xs | length %}{% set twice = n * 2 %}{% set other = y %}{% from "m.html" import m %}
{% macro own() %}{{ z }}{% endmacro %}<p>{{ printed }}</p>
{% if wanted %}{% block a %}{{ twice }}{% endblock %}{% endif %}
{% block b %}{{ own() }}{% include "i.html" %}{{ m(1) }}{% endblock %}
{% block c %}{% if on %}{{ x }}{% else %}{{ y }}{% endif %}{% endblock %}
{% block d %}{{ renderBlock("i.html", "e") }}{% endblock %}{% if later %}{% endif %}`
  const templates = {
    'a.html': page,
    'i.html': '{{ included }}{% block e %}{% endblock %}',
    'm.html': '{% macro m(x) %}{{ x }}{% endmacro %}',
  }
  test.each([
    ['a', {}, ['twice']],
    ['b', {}, ['own', 'z', 'included', 'm']],
    ['c', { on: true }, ['on', 'x']],
    ['c', { on: false }, ['on']],
    ['d', {}, undefined],
  ])('%s with %o are what it and the way to it have looked up', async (block, context, names) => {
    const renderer = await engineOf(templates).open('a.html', block, { xs: [], wanted: 1 })
    expect(renderer.dependencies).toBe(undefined)
    renderer.render(context)
    const way = ['xs', 'n', 'y', 'wanted']
    expect(renderer.dependencies).toEqual(names && new Set([...way, ...names]))
  })
})

test.each([
  [
    '{% set u = load() %}{% macro m(x) %}<{{ x }}>{% endmacro %}{% block b %}{{ m(u.name) }}{{ text }}{% endblock %}',
    1,
  ],
  [
    '{% set u = load() %}{% set same = u %}{% block b %}{{ same.name }}{{ text | upper }}{% endblock %}',
    1,
  ],
  ['{% set u = load() %}{% set same = u %}{% block b %}{{ same.say() }}{% endblock %}', 4],
])(
  'what is loaded before the block is loaded again only when the block may change it: %s',
  async (text, times) => {
    let loaded = 0
    const load = (): object => ({ name: ++loaded, say: () => 'said' })
    const renderer = await engineOf({ 'a.html': text }, { globals: { load } }).open('a.html', 'b')
    for (const each of ['a', 'b', 'c', 'd']) renderer.render({ text: each })
    expect(loaded).toBe(times)
  },
)

test('finished HTML in the context is printed as it is', async () => {
  const renderer = await engineOf({ 'a.html': '{% block b %}{{ x }}{{ y }}{% endblock %}' }).open(
    'a.html',
    'b',
  )
  expect(renderer.render({ x: safeHtml('<b>'), y: '<b>' })).toBe('<b>&lt;b&gt;')
})

test('a draw inside a draw of the same renderer leaves the outer one as it was', async () => {
  const engine = engineOf({
    'a.html':
      '{% macro m() %}{{ x }}{% endmacro %}{% block b %}{{ m() }}{{ again() }}{{ m() }}{% endblock %}',
  })
  const renderer = await engine.open('a.html', 'b')
  const again = (): unknown => safeHtml(`(${String(renderer.render({ x: 2, again: () => '' }))})`)
  expect(renderer.render({ x: 1, again })).toBe('1(22)1')
})

describe('what comes out of JSON', () => {
  const json = (text: string): Record<string, unknown> =>
    JSON.parse(text) as Record<string, unknown>

  test.each([
    ['{{ constructor }}{{ toString }}{{ hasOwnProperty }}', '{}', ''],
    ['{{ isAdmin }}{{ __proto__ }}', '{"__proto__":{"isAdmin":true}}', ''],
    ['{{ u.isAdmin }}', '{"u":{"__proto__":{"isAdmin":true}}}', ''],
    ['{{ u.constructor }}{{ u["__proto__"] }}{{ u[k] }}', '{"u":{},"k":"constructor"}', ''],
    [
      '{% macro f(a, b="B") %}{{ a }}{{ b }}{% endmacro %}{{ f(1, u) }}',
      '{"u":{"__keywords":true,"b":"<"}}',
      '1[object Object]',
    ],
    [
      '{% macro f(a, b="B") %}{{ a.x }}{{ b }}{% endmacro %}{{ f(u) }}',
      '{"u":{"__keywords":true,"x":"X","a":"no","b":"no"}}',
      'XB',
    ],
    ['{{ t }}', '{"t":{"val":"<b>","length":3}}', '[object Object]'],
    ['{{ t }}', '{"t":["<b>"]}', '&lt;b&gt;'],
  ])('%s with %s', async (text, context, html) => {
    const engine = engineOf({
      'a.html': `{% block b %}${text}{% endblock %}{% block inc %}{% include "i.html" %}{% endblock %}`,
      'i.html': text,
    })
    const given = json(context)
    const renderer = await engine.open('a.html', 'b', given)
    expect(renderer.render()).toBe(html)
    const changed = await engine.open('a.html', 'b', {})
    expect(changed.render(given)).toBe(html)
    const included = await engine.open('a.html', 'inc', given)
    expect(included.render()).toBe(html)
    expect(await engine.render('i.html', given)).toBe(html)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  test('keyword arguments written in a template still work', async () => {
    const engine = engineOf({
      'a.html':
        '{% macro f(a, b="B", c="C") %}{{ a }}{{ b }}{{ c }}{% endmacro %}{% block b %}{{ f(1, c=3) }} {{ f(b=2, a=1) }} {{ f(1, 2, 3) }} {{ f() }}{% endblock %}',
    })
    expect((await engine.open('a.html', 'b')).render()).toBe('1B3 12C 123 BC')
  })
})
