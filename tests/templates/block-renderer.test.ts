import { describe, expect, test } from 'vitest'
import type { NunjucksOptions } from '../../src/templates/nunjucks/engine.ts'
import { safeHtml } from '../../src/templates/nunjucks/filters.ts'
import { drawn, engineOf } from './engine-of.ts'

interface Case {
  readonly name: string
  readonly templates: Record<string, string>
  readonly open: readonly [string, string]
  readonly context?: Record<string, unknown>
  readonly options?: NunjucksOptions
  readonly html: string
}

const base =
  '<title>{{ title }}</title>{% block body %}<main>{% block inner %}base{% endblock %}</main>{% endblock %}'
const macros = '{% set mark = "*" %}{% macro f(x, y="d") %}({{ mark }}{{ x }}{{ y }}){% endmacro %}'

const cases: Case[] = [
  {
    name: 'a plain block is drawn alone, with its context, escaped',
    templates: { 'a.html': 'page {{ gone.x.y }}{% block b %}<p>{{ text }}</p>{% endblock %}' },
    open: ['a.html', 'b'],
    context: { text: '<&>"\'\\' },
    html: '<p>&lt;&amp;&gt;&quot;&#39;&#92;</p>',
  },
  {
    name: 'an empty block is empty',
    templates: { 'a.html': '{% block b %}{% endblock %}' },
    open: ['a.html', 'b'],
    html: '',
  },
  {
    name: 'a block that only the parent has is drawn from there',
    templates: { 'base.html': base, 'a.html': '{% extends "base.html" %}' },
    open: ['a.html', 'inner'],
    html: 'base',
  },
  {
    name: "a child's override counts, also inside the parent's block",
    templates: {
      'base.html': base,
      'a.html': '{% extends "base.html" %}{% block inner %}child{% endblock %}',
    },
    open: ['a.html', 'body'],
    html: '<main>child</main>',
  },
  {
    name: 'super() climbs over three levels',
    templates: {
      'base.html': '{% block b %}1{% endblock %}',
      'mid.html': '{% extends "base.html" %}{% block b %}{{ super() }}2{% endblock %}',
      'a.html': '{% extends "mid.html" %}{% block b %}{{ super() }}3{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: '123',
  },
  {
    name: 'a block between two that lack it is found',
    templates: {
      'base.html': '{% block b %}1{% endblock %}',
      'mid.html': '{% extends "base.html" %}',
      'a.html': '{% extends "mid.html" %}{% block b %}[{{ super() }}]{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: '[1]',
  },
  {
    name: 'a top-level set is seen, in both forms',
    templates: {
      'a.html':
        '{% set x = "a<" %}{% set y %}b<{{ x }}{% endset %}{% block b %}{{ x }} {{ y }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: 'a&lt; b&lt;a&amp;lt;',
  },
  {
    name: 'a set after the block does not apply',
    templates: { 'a.html': '{% set x = 1 %}{% block b %}{{ x }}{% endblock %}{% set x = 2 %}' },
    open: ['a.html', 'b'],
    html: '1',
  },
  {
    name: 'a parent that keeps what its child set is told so',
    templates: {
      'base.html': '{% set title = title or "Base" %}{% block b %}{{ title }}{% endblock %}',
      'a.html': '{% extends "base.html" %}{% set title = "Child" %}',
    },
    open: ['a.html', 'b'],
    html: 'Child',
  },
  {
    name: 'a set of the parent wins over one of the child',
    templates: {
      'base.html': '{% set t = "P" %}{% block b %}{{ t }}{% endblock %}',
      'a.html': '{% extends "base.html" %}{% set t = "C" %}',
    },
    open: ['a.html', 'b'],
    html: 'P',
  },
  {
    name: 'imports and macros of an ancestor are seen',
    templates: {
      'm.html': macros,
      'base.html':
        '{% import "m.html" as m %}{% from "m.html" import f as g %}{% macro own(z) %}<{{ z }}>{% endmacro %}{% block b %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% block b %}{{ m.f(1) }}{{ g(2, y=3) }}{{ own("&") }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: '(*1d)(*23)<&amp;>',
  },
  {
    name: 'a macro sees the context and not the scopes around its call',
    templates: {
      'a.html':
        '{% macro f() %}{{ x }}{{ text }}{% endmacro %}{% block o %}{% set x = "hidden" %}{% block b %}{{ f() }}{{ x }}{% endblock %}{% endblock %}',
    },
    open: ['a.html', 'b'],
    context: { text: 'T' },
    html: 'Thidden',
  },
  {
    name: 'an enclosing block sets variables for the blocks in it',
    templates: {
      'base.html':
        '{% block o %}{% set x = "base" %}{% block b %}{{ x }}{% endblock %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% block o %}{% set x = "child" %}{{ super() }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: 'base',
  },
  {
    name: 'sets inside if and for count as they do in the page',
    templates: {
      'a.html':
        '{% set n = 0 %}{% if on %}{% set t = "yes" %}{% else %}{% set t = "no" %}{% endif %}{% for i in [1, 2] %}{% set n = n + i %}{% endfor %}{% block b %}{{ t }}{{ n }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    context: { on: true },
    html: 'yes3',
  },
  {
    name: 'an include sees what the page declares',
    templates: {
      'a.html':
        '{% set x = "X" %}{% block b %}{% set y = "Y" %}{% include "i.html" %}{% endblock %}',
      'i.html': '{{ x }}{{ y }}{{ text }}',
    },
    open: ['a.html', 'b'],
    context: { text: 'T' },
    html: 'XYT',
  },
  {
    name: 'an include whose name is only known at run time sees it, too',
    templates: {
      'a.html': '{% set x = "X" %}{% block b %}{% include name %}{% endblock %}',
      'i.html': '{{ x }}',
    },
    open: ['a.html', 'b'],
    context: { name: 'i.html' },
    html: 'X',
  },
  {
    name: 'an include that may be missing is nothing',
    templates: {
      'a.html': '{% block b %}[{% include "gone.html" ignore missing %}]{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: '[]',
  },
  {
    name: 'relative names are meant from the template that holds them',
    templates: {
      'base/page.html':
        '{% include "./nav.html" %}{% block b %}{% include "./nav.html" %}{% endblock %}',
      'base/nav.html': 'NAV',
      'app/a.html': '{% extends "../base/page.html" %}',
    },
    open: ['app/a.html', 'b'],
    html: 'NAV',
  },
  {
    name: 'a parent chosen by a variable',
    templates: {
      'one.html': '1{% block b %}one{% endblock %}',
      'two.html': '2{% block b %}two{% endblock %}',
      'a.html': '{% set l = kind ~ ".html" %}{% extends l %}',
    },
    open: ['a.html', 'b'],
    context: { kind: 'two' },
    html: 'two',
  },
  {
    name: 'a parent chosen by a condition',
    templates: {
      'full.html': '<html>{% block b %}{% endblock %}</html>',
      'bare.html': '{% block b %}{% endblock %}',
      'a.html':
        '{% if bare %}{% extends "bare.html" %}{% else %}{% extends "full.html" %}{% endif %}{% block b %}{{ super() }}x{% endblock %}',
    },
    open: ['a.html', 'b'],
    context: { bare: true },
    html: 'x',
  },
  {
    name: 'globals, filters and tests of the app',
    templates: {
      'a.html':
        '{% block b %}{{ site }}{{ "a" | twice }}{% if 2 is even2 %}!{% endif %}{{ badge() }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    options: {
      globals: { site: 'S', badge: () => safeHtml('<b>') },
      filters: { twice: (text: string) => text + text },
      configure: (env) => void env.addTest('even2', (n: number) => n % 2 === 0),
    },
    html: 'Saa!<b>',
  },
  {
    name: 'a variable of the context hides a global',
    templates: { 'a.html': '{% block b %}{{ site }}{% endblock %}' },
    open: ['a.html', 'b'],
    context: { site: 'mine' },
    options: { globals: { site: 'S' } },
    html: 'mine',
  },
  {
    name: 'call hands its body to a macro',
    templates: {
      'a.html':
        '{% macro box(t) %}<{{ t }}>{{ caller("c") }}{% endmacro %}{% block b %}{% call(x) box("t") %}{{ x }}{{ text }}{% endcall %}{% endblock %}',
    },
    open: ['a.html', 'b'],
    context: { text: 'T' },
    html: '<t>cT',
  },
  {
    name: 'autoescape can be off',
    templates: { 'a.html': '{% block b %}{{ text }}{% endblock %}' },
    open: ['a.html', 'b'],
    context: { text: '<b>' },
    options: { autoescape: false },
    html: '<b>',
  },
  {
    name: 'a block in a loop takes its variables from the context',
    templates: {
      'a.html':
        '{% for m in ms %}{% set c = m.role %}{% block row %}{{ loop.index }}{{ m.text }}{{ c }}{% endblock %}{% endfor %}',
    },
    open: ['a.html', 'row'],
    context: { m: { text: 'T', role: 'R' }, loop: { index: 4 } },
    html: '4TR',
  },
  {
    name: 'a block in a loop of a child that its parent draws without one takes the loop variable, too',
    templates: {
      'base.html': '{% block o %}{% block row %}{% endblock %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% block o %}{% for m in ms %}{% block row %}{{ m }}{% endblock %}{% endfor %}{% endblock %}',
    },
    open: ['a.html', 'row'],
    context: { ms: [1, 2], m: 3 },
    html: '3',
  },
  {
    name: 'a block in a macro takes the arguments from the context, and the defaults from the macro',
    templates: {
      'a.html':
        '{% macro card(item, size="m") %}{% block c %}{{ item }}{{ size }}{% endblock %}{% endmacro %}{{ card(1) }}',
    },
    open: ['a.html', 'c'],
    context: { item: 'I' },
    html: 'Im',
  },
  {
    name: 'a fragment is drawn alone',
    templates: {
      'a.html': '{% set x = 1 %}page{% fragment row %}<tr>{{ x }}{{ m }}</tr>{% endfragment %}',
    },
    open: ['a.html', 'row'],
    context: { m: 'M' },
    html: '<tr>1M</tr>',
  },
  {
    name: 'a block that a child brings to another place by its parent is rendered there',
    templates: {
      'base.html':
        '{% block c %}{% block b %}{{ x }}{% endblock %}{% endblock %}{% block a %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% block a %}{% set x = "X" %}{% block c %}{{ super() }}{% endblock %}{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: 'X',
  },
  {
    name: 'a fragment of a child sees what the child and its parents declare',
    templates: {
      'base.html': '{% macro b(x) %}<b>{{ x }}</b>{% endmacro %}{% block main %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% set x = "X" %}{% fragment row %}{{ b(x) }}{% endfragment %}',
    },
    open: ['a.html', 'row'],
    html: '<b>X</b>',
  },
  {
    name: 'a fragment in a loop of a child takes the loop variable from the context',
    templates: {
      'base.html': '{% block main %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% for m in ms %}{% set t = m.a %}{% fragment row %}{{ m.a }}{{ t }}{% endfragment %}{% endfor %}',
    },
    open: ['a.html', 'row'],
    context: { m: { a: 'A' } },
    html: 'AA',
  },
  {
    name: 'a block inside a fragment is drawn alone',
    templates: {
      'a.html':
        '{% fragment row %}<i>{% set y = 2 %}{% block cell %}{{ y }}{% endblock %}</i>{% endfragment %}',
    },
    open: ['a.html', 'cell'],
    html: '2',
  },
  {
    name: 'a block whose enclosing block was replaced is drawn where it is written',
    templates: {
      'base.html':
        '{% block o %}{% set x = "X" %}{% block b %}{{ x }}{{ y }}{% endblock %}{% endblock %}',
      'a.html': '{% extends "base.html" %}{% set y = "Y" %}{% block o %}other{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: 'XY',
  },
  {
    name: 'a block may be named like something every object has',
    templates: {
      'base.html': '{% block constructor %}c{% endblock %}{% block toString %}t{% endblock %}',
      'a.html': '{% extends "base.html" %}{% block constructor %}{{ super() }}!{% endblock %}',
    },
    open: ['a.html', 'constructor'],
    html: 'c!',
  },
  {
    name: 'what else the page prints and declares is not run',
    templates: {
      'a.html':
        '{% set u = gone.name() %}<nav>{{ menu() }}</nav>{% block other %}{{ boom() }}{% endblock %}{% block b %}ok{% endblock %}',
    },
    open: ['a.html', 'b'],
    html: 'ok',
  },
  {
    name: 'what fails on the way to the block, and is not needed there, is no fault of the block',
    templates: {
      'a.html':
        '{% import "gone.html" as g %}{% from "gone.html" import h %}{% set x = 1 | boom %}{% set y = x ~ "!" %}{% if x | boom %}1{% set z = 1 %}{% endif %}{% for i in gone() %}{% set z = 1 %}{% endfor %}{% set c %}{{ gone() }}{% endset %}{% block b %}ok{{ z }}{% endblock %}{{ 2 | boom }}',
    },
    open: ['a.html', 'b'],
    options: {
      filters: {
        boom: () => {
          throw new RangeError('too big')
        },
      },
    },
    html: 'ok',
  },
  {
    name: 'an extension runs in a block',
    templates: {
      'a.html': '{% set x = "X" %}{% block b %}{% shout %}a{{ x }}{% endshout %}{% endblock %}',
    },
    open: ['a.html', 'b'],
    options: {
      configure: (env) =>
        void env.addExtension('shout', {
          tags: ['shout'],
          parse(parser: any, nodes: any) {
            const tag = parser.nextToken()
            const given = parser.parseSignature(null, true)
            parser.advanceAfterBlockEnd(tag.value)
            const body = parser.parseUntilBlocks('endshout')
            parser.advanceAfterBlockEnd()
            return new nodes.CallExtension(this, 'run', given, [body])
          },
          run: (_context: unknown, body: () => string) =>
            safeHtml(`<b>${body().toUpperCase()}</b>`),
        }),
    },
    html: '<b>AX</b>',
  },
  {
    name: 'switch, filter blocks and raw text',
    templates: {
      'a.html':
        '{% block b %}{% switch n %}{% case 1 %}one{% default %}many{% endswitch %}{% filter upper %}x{{ n }}{% endfilter %}{% raw %}{{ n }}{% endraw %}{% endblock %}',
    },
    open: ['a.html', 'b'],
    context: { n: 1 },
    html: 'oneX1{{ n }}',
  },
]

describe('a block alone', () => {
  test.each(cases)('$name', async ({ templates, open, context, options, html }) => {
    expect(await drawn(templates, open, context, options)).toBe(html)
  })
})

test('several blocks of one template are drawn in any order', async () => {
  const engine = engineOf({
    'a.html': '{% block a %}A{% endblock %}{% block b %}B{{ x }}{% endblock %}',
  })
  const texts = []
  for (const block of ['b', 'a', 'b']) {
    const renderer = await engine.open('a.html', block, { x: 1 })
    texts.push(await renderer.render())
  }
  expect(texts).toEqual(['B1', 'A', 'B1'])
})

test('blocks() names all blocks, inherited ones and fragments too', async () => {
  const engine = engineOf({
    'base.html': '{% block a %}{% block b %}{% endblock %}{% endblock %}',
    'c.html':
      '{% extends "base.html" %}{% block a %}{% endblock %}{% fragment f %}{% endfragment %}',
  })
  expect((await engine.blocks('c.html')).toSorted()).toEqual(['a', 'b', 'f'])
})

test('the page is drawn whole, without its fragments', async () => {
  const engine = engineOf({
    'a.html': '<a>{% block b %}{{ x }}{% endblock %}{% fragment f %}F{% endfragment %}</a>',
  })
  expect(await engine.render('a.html', { x: '<' })).toBe('<a>&lt;</a>')
})

describe('renderBlock() in a template', () => {
  const templates = {
    'rows.html':
      '{% macro b(x) %}<b>{{ x }}</b>{% endmacro %}{% fragment row %}{{ b(m) }}{{ who }}{% endfragment %}',
    'page.html':
      '{% set who = "W" %}{% for m in ms %}{{ renderBlock("rows.html", "row", { m: m }) }}{% endfor %}{{ renderBlock("rows.html", "row", m="k", who="<") }}',
    'wait.html': '{% block b %}{{ "x" | slow }}{% endblock %}',
    'waits.html': '\n{{ renderBlock("wait.html", "b") }}',
  }
  test('draws a fragment with the variables around it and those of its tag', async () => {
    const html = await engineOf(templates).render('page.html', { ms: ['<', 2] })
    expect(html).toBe('<b>&lt;</b>W<b>2</b>W<b>k</b>&lt;')
  })
  test('works inside a block, at each draw', async () => {
    const engine = engineOf({
      ...templates,
      'p.html': '{% block b %}{{ renderBlock("rows.html", "row", m=text) }}{% endblock %}',
    })
    const renderer = await engine.open('p.html', 'b', { who: '!' })
    expect([renderer.render({ text: 1 }), renderer.render({ text: 2 })]).toEqual([
      '<b>1</b>!',
      '<b>2</b>!',
    ])
  })
  test('sees the loop and the block that it stands in', async () => {
    const page =
      '{% block b %}{% set who = "S" %}{% for m in [1, 2] %}{{ renderBlock("rows.html", "row") }}{% endfor %}{% endblock %}'
    const engine = engineOf({ ...templates, 'p.html': page })
    expect(await engine.render('p.html')).toBe('<b>1</b>S<b>2</b>S')
    expect((await engine.open('p.html', 'b')).render()).toBe('<b>1</b>S<b>2</b>S')
  })
  test('sees what the page of its block declares', async () => {
    const page =
      '{% set who = "W" %}{% block b %}{{ renderBlock("rows.html", "row", m=text) }}{% endblock %}'
    const renderer = await engineOf({ ...templates, 'p.html': page }).open('p.html', 'b')
    expect([renderer.render({ text: 1 }), renderer.render({ text: 2 })]).toEqual([
      '<b>1</b>W',
      '<b>2</b>W',
    ])
  })
  test('says so when the block would have to wait', async () => {
    const engine = engineOf(templates, { asyncFilters: { slow: async (text: string) => text } })
    await expect(engine.render('waits.html')).rejects.toMatchObject({
      code: 'template/async-filter',
    })
  })
})
