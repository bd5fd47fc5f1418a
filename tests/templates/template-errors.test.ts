import { describe, expect, test } from 'vitest'
import { TemplateError } from '../../src/shared/errors.ts'
import type { NunjucksOptions } from '../../src/templates/nunjucks/engine.ts'
import { engineOf } from './engine-of.ts'

interface Wrong {
  readonly name: string
  readonly templates: Record<string, string>
  readonly open: readonly [string, string]
  readonly context?: Record<string, unknown>
  readonly options?: NunjucksOptions
  readonly code: string
  readonly place: { template: string; block?: string; line?: number; column?: number }
  readonly says: readonly string[]
  /** Known before anything is drawn. */
  readonly whenOpened: boolean
}

const slow: NunjucksOptions = { asyncFilters: { slow: async (text: string) => text } }
const asyncIn = (name: string, text: string, where: string, line = 1): Wrong => ({
  name: `an async filter in ${name}`,
  templates: { 'a.html': text },
  open: ['a.html', 'b'],
  options: slow,
  code: 'template/async-filter',
  place: { template: 'a.html', line },
  says: ['"slow"', where],
  whenOpened: true,
})

const wrongs: Wrong[] = [
  {
    name: 'a template that is not there',
    templates: { 'chat.html': '' },
    open: ['chta.html', 'b'],
    code: 'template/missing',
    place: { template: 'chta.html' },
    says: ['has: chat.html', 'did you mean "chat.html"?'],
    whenOpened: true,
  },
  {
    name: 'a block that is not there',
    templates: {
      'base.html': '{% block page %}{% endblock %}',
      'a.html': '{% extends "base.html" %}{% block response %}{% endblock %}',
    },
    open: ['a.html', 'respones'],
    code: 'block/unknown',
    place: { template: 'a.html', block: 'respones' },
    says: ['not found in template "a.html"', 'has: page, response', 'did you mean "response"?'],
    whenOpened: true,
  },
  {
    name: 'a block named like what every object has',
    templates: { 'a.html': '{% block b %}{% endblock %}' },
    open: ['a.html', 'constructor'],
    code: 'block/unknown',
    place: { template: 'a.html', block: 'constructor' },
    says: ['(has: b)'],
    whenOpened: true,
  },
  {
    name: 'a parent that is not there',
    templates: {
      'a.html': '\n {% extends "bsae.html" %}{% block b %}{% endblock %}',
      'base.html': '',
    },
    open: ['a.html', 'b'],
    code: 'template/missing',
    place: { template: 'a.html', line: 2 },
    says: ['a.html:2', '"bsae.html"', 'did you mean "base.html"?'],
    whenOpened: true,
  },
  {
    name: 'an include that is not there',
    templates: {
      'a.html': '{% block b %}\n\n{% include "nvb.html" %}{% endblock %}',
      'nav.html': '',
    },
    open: ['a.html', 'b'],
    code: 'template/missing',
    place: { template: 'a.html', line: 3 },
    says: ['a.html:3', '"nvb.html"'],
    whenOpened: false,
  },
  {
    name: 'templates that extend each other',
    templates: {
      'a.html': '{% extends "b.html" %}{% block b %}{% endblock %}',
      'b.html': '\n{% extends "c.html" %}',
      'c.html': '\n\n{% extends "a.html" %}',
    },
    open: ['a.html', 'b'],
    code: 'template/circular',
    place: { template: 'c.html', line: 3 },
    says: ['a.html → b.html → c.html → a.html'],
    whenOpened: true,
  },
  {
    name: 'a template that extends itself by a variable',
    templates: { 'a.html': '{% extends l %}{% block b %}{% endblock %}' },
    open: ['a.html', 'b'],
    context: { l: 'a.html' },
    code: 'template/circular',
    place: { template: 'a.html', line: 1 },
    says: ['a.html → a.html'],
    whenOpened: true,
  },
  {
    name: 'an extends that comes out as nothing',
    templates: { 'a.html': '\n{% extends layout %}{% block b %}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'template/extends-nothing',
    place: { template: 'a.html', line: 2 },
    says: ['resolved to nothing', "Pass the layout in the fragment's context"],
    whenOpened: true,
  },
  {
    name: 'a loop variable that is missing',
    templates: {
      'a.html': '<ul>\n{% for m in ms %}{% block row %}{{ m.text }}{% endblock %}{% endfor %}</ul>',
    },
    open: ['a.html', 'row'],
    context: {},
    code: 'block/variable-missing',
    place: { template: 'a.html', block: 'row', line: 2, column: 4 },
    says: [
      'block "row"',
      'reads "m", the loop variable around the block',
      "pass it in the fragment's context",
    ],
    whenOpened: false,
  },
  {
    name: 'a macro argument that is missing',
    templates: {
      'a.html': '{% macro card(item) %}\n{% block c %}{{ item }}{% endblock %}{% endmacro %}',
    },
    open: ['a.html', 'c'],
    context: {},
    code: 'block/variable-missing',
    place: { template: 'a.html', block: 'c', line: 1, column: 4 },
    says: ['reads "item", an argument of the macro'],
    whenOpened: false,
  },
  {
    name: 'an unknown filter',
    templates: { 'a.html': '{% block b %}\n{{ text | uper }}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'template/filter-unknown',
    place: { template: 'a.html', line: 2, column: 11 },
    says: ['a.html:2:11', 'unknown filter "uper"', 'Did you mean "upper"?'],
    whenOpened: false,
  },
  {
    name: "an unknown filter in a parent's block",
    templates: {
      'base.html': '\n\n{% block b %}{{ 1 | nosuchthing }}{% endblock %}',
      'a.html': '{% extends "base.html" %}{% block b %}{{ super() }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    code: 'template/filter-unknown',
    place: { template: 'base.html', line: 3, column: 21 },
    says: ['base.html:3:21', 'unknown filter "nosuchthing"', 'Add it'],
    whenOpened: false,
  },
  {
    name: 'an unknown filter in an included file',
    templates: {
      'a.html': '{% block b %}{% include "i.html" %}{% endblock %}',
      'i.html': '\n{{ x | trimm }}',
    },
    open: ['a.html', 'b'],
    code: 'template/filter-unknown',
    place: { template: 'i.html', line: 2, column: 8 },
    says: ['Did you mean "trim"?'],
    whenOpened: false,
  },
  {
    name: 'an unknown test',
    templates: { 'a.html': '{% block b %}{% if x is evenn %}{% endif %}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'template/filter-unknown',
    place: { template: 'a.html', line: 1, column: 20 },
    says: ['unknown test "evenn"', '"even"'],
    whenOpened: false,
  },
  {
    name: 'a template that does not parse',
    templates: { 'a.html': '{% block b %}{% endblock %}\n\n{% if %}' },
    open: ['a.html', 'b'],
    code: 'template/invalid',
    place: { template: 'a.html', line: 3, column: 7 },
    says: ['a.html:3:7'],
    whenOpened: true,
  },
  {
    name: 'a tag that does not exist',
    templates: { 'a.html': '\n{% blok b %}' },
    open: ['a.html', 'b'],
    code: 'template/invalid',
    place: { template: 'a.html', line: 2, column: 4 },
    says: ['unknown block tag: blok'],
    whenOpened: true,
  },
  {
    name: 'a call of something that is missing',
    templates: { 'a.html': '{% block b %}a\nb\n  {{ gone() }}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'a.html', block: 'b', line: 3, column: 10 },
    says: ['a.html:3:10', '`gone`', 'undefined'],
    whenOpened: false,
  },
  {
    name: "an error in a parent's block, through super()",
    templates: {
      'base.html': '\n{% block b %}\n{{ gone() }}{% endblock %}',
      'mid.html': '{% extends "base.html" %}',
      'a.html': '{% extends "mid.html" %}{% block b %}{{ super() }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'base.html', block: 'b', line: 3, column: 8 },
    says: ['base.html:3:8'],
    whenOpened: false,
  },
  {
    name: "an error in a parent's block that the child lacks",
    templates: {
      'base.html': '{% block b %}\n{{ gone() }}{% endblock %}',
      'a.html': '{% extends "base.html" %}',
    },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'base.html', block: 'b', line: 2, column: 8 },
    says: ['base.html:2:8'],
    whenOpened: false,
  },
  {
    name: 'an error in an included file',
    templates: {
      'a.html': '{% block b %}{% include "i.html" %}{% endblock %}',
      'i.html': '\n\n{{ gone() }}',
    },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'i.html', line: 3, column: 8 },
    says: ['i.html:3:8'],
    whenOpened: false,
  },
  {
    name: 'a filter that throws',
    templates: { 'a.html': '{% block b %}\n\n{{ 1 | boom }}{% endblock %}' },
    open: ['a.html', 'b'],
    options: {
      filters: {
        boom: () => {
          throw new RangeError('too big')
        },
      },
    },
    code: 'render/failed',
    place: { template: 'a.html', block: 'b', line: 3, column: 8 },
    says: ['too big'],
    whenOpened: false,
  },
  {
    name: 'a missing value under throwOnUndefined',
    templates: { 'a.html': '{{ gone }}{% block b %}\n{{ text }}{% endblock %}' },
    open: ['a.html', 'b'],
    options: { throwOnUndefined: true },
    code: 'render/failed',
    place: { template: 'a.html', block: 'b', line: 2, column: 1 },
    says: ['undefined'],
    whenOpened: false,
  },
  {
    name: 'an error in what is declared before the block',
    templates: { 'a.html': '\n{% set x = gone() %}{% block b %}{{ x }}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'a.html', line: 2, column: 16 },
    says: ['`gone`'],
    whenOpened: false,
  },
  {
    name: "an import of the parent's that is not there, when the block needs it",
    templates: {
      'base.html': '\n{% from "m.hmtl" import f %}{% block b %}{{ f() }}{% endblock %}',
      'a.html': '{% extends "base.html" %}',
      'm.html': '',
    },
    open: ['a.html', 'b'],
    code: 'template/missing',
    place: { template: 'base.html', line: 2 },
    says: ['did you mean "m.html"?'],
    whenOpened: false,
  },
  {
    name: 'an error in what another declaration before the block is made of',
    templates: {
      'a.html':
        '{% set no = gone.a() %}\n{% set x = gone() %}{% set y = x + 1 %}{% block b %}{{ y }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'a.html', line: 2, column: 16 },
    says: ['`gone`'],
    whenOpened: false,
  },
  {
    name: 'a macro that only another block declares',
    templates: {
      'a.html':
        '{% block a %}\n{% macro f() %}{% endmacro %}{% endblock %}{% block b %}{{ f() }}{% endblock %}',
    },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'a.html', block: 'b', line: 2 },
    says: ['`f`'],
    whenOpened: false,
  },
  {
    name: 'a name that leaves the templates',
    templates: { 'a.html': '' },
    open: ['../a.html', 'b'],
    code: 'template/name',
    place: { template: '../a.html' },
    says: ['"../a.html" is no name of a template'],
    whenOpened: true,
  },
  {
    name: 'an include that leaves the templates',
    templates: { 'a.html': '{% block b %}\n{% include "../../a.html" %}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'template/name',
    place: { template: 'a.html', line: 2 },
    says: ['"../../a.html" is no name of a template'],
    whenOpened: false,
  },
  {
    name: 'an include whose name comes out as nothing',
    templates: { 'a.html': '{% block b %}\n{% include row %}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'template/name',
    place: { template: 'a.html', line: 2 },
    says: ['came out as nothing'],
    whenOpened: false,
  },
  {
    name: 'a parent chosen by a variable that is not there',
    templates: { 'base.html': '', 'a.html': '\n{% extends layout %}{% block b %}{% endblock %}' },
    open: ['a.html', 'b'],
    context: { layout: 'bsae.html' },
    code: 'template/missing',
    place: { template: 'a.html', line: 2 },
    says: ['did you mean "base.html"?'],
    whenOpened: true,
  },
  {
    name: 'an include without end',
    templates: {
      'a.html': '{% block b %}\n{% include "i.html" %}{% endblock %}',
      'i.html': '\n\n{% include "i.html" %}',
    },
    open: ['a.html', 'b'],
    code: 'template/circular',
    place: { template: 'i.html', line: 3 },
    says: ['without end'],
    whenOpened: false,
  },
  {
    name: 'two blocks of one name',
    templates: { 'a.html': '{% block b %}{% endblock %}\n\n{% block b %}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'template/invalid',
    place: { template: 'a.html' },
    says: ['a.html: Block "b" defined more than once'],
    whenOpened: true,
  },
  {
    name: 'super() without a parent',
    templates: { 'a.html': '{% block b %}{{ super() }}{% endblock %}' },
    open: ['a.html', 'b'],
    code: 'render/failed',
    place: { template: 'a.html', block: 'b' },
    says: ['super()', 'no parent has a block "b"'],
    whenOpened: false,
  },
  asyncIn(
    'a set block',
    '{% block b %}\n{% set x %}{{ "a" | slow }}{% endset %}{% endblock %}',
    'a {% set %} block',
    2,
  ),
  asyncIn(
    'a switch',
    '{% block b %}{% switch 1 %}{% case 1 %}{{ "a" | slow }}{% endswitch %}{% endblock %}',
    'a {% switch %}',
  ),
  asyncIn(
    'what a switch looks at',
    '{% block b %}{% switch "a" | slow %}{% case 1 %}{% endswitch %}{% endblock %}',
    'a {% switch %}',
  ),
  asyncIn(
    'a call',
    '{% macro m() %}{{ caller() }}{% endmacro %}{% block b %}{% call m() %}{{ "a" | slow }}{% endcall %}{% endblock %}',
    'a {% call %}',
  ),
  asyncIn(
    'a macro',
    '{% macro m() %}{{ "a" | slow }}{% endmacro %}{% block b %}{{ m() }}{% endblock %}',
    'a macro',
  ),
  asyncIn(
    'a filter block',
    '{% block b %}{% filter upper %}{{ "a" | slow }}{% endfilter %}{% endblock %}',
    'a {% filter %} block',
  ),
  asyncIn(
    'comparison',
    '{% block b %}{% if "a" == "a" | slow %}{% endif %}{% endblock %}',
    'comparison',
  ),
  asyncIn(
    'the name of a template',
    '{% block b %}{% include "a" | slow %}{% endblock %}',
    'the name of a template',
  ),
]

describe('a wrong template, name or context is reported with its place', () => {
  test.each(wrongs)(
    '$name',
    async ({ templates, open, context, options, code, place, says, whenOpened }) => {
      const engine = engineOf(templates, options)
      let opened = false
      const error = await engine
        .open(...open, context)
        .then((renderer) => {
          opened = true
          return renderer.render()
        })
        .then(
          (html) => html,
          (thrown: unknown) => thrown,
        )
      expect(error).toBeInstanceOf(TemplateError)
      expect(error).toMatchObject({ code, place })
      for (const words of says) expect((error as Error).message).toContain(words)
      expect(opened).toBe(!whenOpened)
    },
  )
})

test.each([[null], [undefined], [7], [{}]])(
  'a name that is %s is reported as such',
  async (name) => {
    const engine = engineOf({ 'a.html': '{% block b %}x{% endblock %}' })
    const wrong = name as unknown as string
    for (const rendered of [
      engine.render(wrong, {}),
      engine.open(wrong, 'b'),
      engine.blocks(wrong),
    ])
      await expect(rendered).rejects.toMatchObject({ code: 'template/name' })
    await expect(engine.open('a.html', wrong)).rejects.toThrow(
      `block "${String(name)}" not found in template "a.html" (has: b`,
    )
  },
)

test('a page tells its errors with the same places', async () => {
  const engine = engineOf({
    'base.html': '<html>\n{% block b %}{% endblock %}</html>',
    'a.html': '{% extends "base.html" %}\n{% block b %}\n{{ gone() }}{% endblock %}',
    'c.html': '{% extends nothing %}',
    'd.html': '{% extends "d.html" %}',
    'f.html': '\n{{ 1 | uper }}',
  })
  await expect(engine.render('a.html')).rejects.toMatchObject({
    code: 'render/failed',
    place: { template: 'a.html', block: 'b', line: 3, column: 8 },
  })
  await expect(engine.render('c.html')).rejects.toMatchObject({ code: 'template/extends-nothing' })
  await expect(engine.render('d.html')).rejects.toMatchObject({ code: 'template/circular' })
  await expect(engine.render('f.html')).rejects.toMatchObject({
    code: 'template/filter-unknown',
    place: { template: 'f.html', line: 2, column: 8 },
  })
  await expect(engine.render('e.html')).rejects.toMatchObject({ code: 'template/missing' })
})

test('the thrown value stays reachable as the cause', async () => {
  const cause = new RangeError('too big')
  const engine = engineOf({ 'a.html': '{% block b %}{{ f() }}{% endblock %}' })
  const renderer = await engine.open('a.html', 'b', {
    f() {
      throw cause
    },
  })
  expect(() => renderer.render()).toThrow(expect.objectContaining({ cause }))
})

test('an error in one draw does not spoil the next', async () => {
  const engine = engineOf({
    'a.html': '{% macro m(x) %}<{{ x.y() }}>{% endmacro %}{% block b %}{{ m(x) }}{% endblock %}',
  })
  const renderer = await engine.open('a.html', 'b')
  expect(() => renderer.render({ x: {} })).toThrow(TemplateError)
  expect(renderer.render({ x: { y: () => 'Y' } })).toBe('<Y>')
})
