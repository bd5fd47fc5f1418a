import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeHtml } from '../../src/base/escape-html.ts'
import type { GrowthPlan } from '../../src/templates/growth.ts'
import { markdown } from '../../src/markdown/markdown.ts'
import { engineOf } from './engine-of.ts'

const explain = (
  text: string,
  more: Record<string, string> = {},
  autoescape = true,
): Promise<GrowthPlan> =>
  engineOf({ 'a.html': text, ...more }, { autoescape, markdown: markdown() }).explain(
    'a.html',
    'b',
    'text',
  )

const block = (body: string): string => `{% block b %}${body}{% endblock %}`

const accepted: [name: string, text: string, plan: object, more?: Record<string, string>][] = [
  [
    'plain output in an element with an id',
    block('<p id="x">{{ text }}</p>'),
    { kind: 'append', line: 1, element: { tag: 'p', id: 'x' } },
  ],
  [
    'an element that may be lent one',
    block('<div>\n<p class="y">{{ text }}</p></div>'),
    { kind: 'append', line: 2, element: { tag: 'p' } },
  ],
  [
    'in an unrelated if',
    block('{% if a %}<p id=x>{{ text }}</p>{% endif %}'),
    { kind: 'append', element: { tag: 'p', id: 'x' } },
  ],
  [
    'in a nested block',
    block('<p>{% block n %}{{ text }}{% endblock %}</p>'),
    { kind: 'append', element: { tag: 'p' } },
  ],
  ['escaped by hand', block('<p>{{ text | e }}</p>'), { kind: 'append', element: { tag: 'p' } }],
  [
    'beside other values',
    block('<h1 class="{{ c }}">{{ title }}</h1><p>{{ text }}</p>{{ foot() }}'),
    { kind: 'append', element: { tag: 'p' } },
  ],
  [
    'behind other text',
    block('<p>Bot: <b>{{ who }}</b> {{ text }}</p>'),
    { kind: 'append', element: { tag: 'p' } },
  ],
  [
    "in the parent's version",
    '{% extends "p.html" %}' + block('<i>{{ super() }}</i>'),
    { kind: 'append', template: 'p.html', line: 2, element: { tag: 'p' } },
    { 'p.html': '\n' + block('<p>{{ text }}</p>') },
  ],
  [
    'through markdown',
    block('<div id="m">{{ text | markdown }}</div>'),
    { kind: 'settle', element: { tag: 'div', id: 'm' } },
  ],
  [
    'with declarations that do not depend on it',
    '{% set t = title %}{% from "m.html" import f %}' + block('{{ f(t) }}<p>{{ text }}</p>'),
    { kind: 'append', element: { tag: 'p' } },
    { 'm.html': '{% macro f(text) %}{{ text }}{% endmacro %}' },
  ],
  [
    'after a comment with a tag in it',
    block('<!-- <p> --><i>{{ text }}</i>'),
    { kind: 'append', element: { tag: 'i' } },
  ],
  [
    'after an element that is empty by nature',
    block('<p><br><img src="{{ src }}">{{ text }}</p>'),
    { kind: 'append', element: { tag: 'p' } },
  ],
]

const withoutElement: [name: string, text: string][] = [
  ['something follows in the element', block('<p>{{ text }}!</p>')],
  ['white space follows', block('<p>{{ text }}\n</p>')],
  ['something may follow', block('<p>{{ text }}{% if busy %}…{% endif %}</p>')],
  ['a value follows', block('<p>{{ text }}{{ more }}</p>')],
  ['there is no element', block('{{ text }}')],
  ['the id is a value', block('<p id="m-{{ n }}">{{ text }}</p>')],
  ['an id may come in', block('<p {{ attributes }}>{{ text }}</p>')],
  ['the element ends in another branch', block('{% if a %}<p id="x">{{ text }}{% endif %}</p>')],
]

const refused: [
  name: string,
  text: string,
  reason: string,
  line: number | undefined,
  more?: Record<string, string>,
][] = [
  [
    'a condition',
    block('\n{% if text %}<p>{{ text }}</p>{% endif %}'),
    'line 2: a condition depends on "text"',
    2,
  ],
  [
    'an inline condition',
    block('<p>{{ text if text else "…" }}</p>'),
    'a condition depends on "text"',
    1,
  ],
  [
    'a filter',
    block('\n\n<p>{{ text | upper }}</p>'),
    'line 3: "text" goes through the filter "upper"',
    3,
  ],
  [
    'markdown in a paragraph',
    block('<p><b>{{ text | markdown }}</b></p>'),
    'line 1: Markdown has paragraphs of its own, which end the <p> around "text": make that a <div>',
    1,
  ],
  ['safe', block('<p>{{ text | safe }}</p>'), 'the filter "safe"', 1],
  [
    'markdown with another filter',
    block('<p>{{ text | trim | markdown }}</p>'),
    'the filter "markdown"',
    1,
  ],
  [
    'two places',
    block('<p>{{ text }}</p>\n<p>{{ text }}</p>'),
    'line 2: "text" is printed more than once',
    2,
  ],
  ['its length', block('<p>{{ text }}</p>{{ text.length }}'), 'part of an expression', 1],
  ['an attribute', block('<p title="{{ text }}">'), 'stands in a tag', 1],
  ['an attribute without quotes', block('<p title={{ text }}>'), 'stands in a tag', 1],
  ['a script', block('<script>let a = "{{ text }}"</script>'), 'stands in <script>', 1],
  ['a style', block('<style>{{ text }}</style>'), 'stands in <style>', 1],
  ['a title', block('<title>{{ text }}</title>'), 'stands in <title>', 1],
  ['a textarea', block('<textarea>{{ text }}</textarea>'), 'stands in <textarea>', 1],
  ['a comment', block('<!-- {{ text }} -->'), 'stands in a comment', 1],
  ['a loop', block('{% for i in is %}<p>{{ text }}</p>{% endfor %}'), 'stands in a loop', 1],
  [
    'a block in a loop',
    block('{% for i in is %}{% block n %}<p>{{ text }}</p>{% endblock %}{% endfor %}'),
    'stands in a loop',
    1,
  ],
  [
    'a switch',
    block('{% switch a %}{% case 1 %}{{ text }}{% endswitch %}'),
    'stands in a {% switch %}',
    1,
  ],
  ['a call', block('<p>{{ f(text) }}</p>'), 'passed to a call', 1],
  [
    'the body of a call',
    '{% macro m() %}{{ caller() }}{% endmacro %}' + block('{% call m() %}{{ text }}{% endcall %}'),
    'passed to a call',
    1,
  ],
  [
    'a macro that reads it',
    '{% macro m() %}{{ text }}{% endmacro %}' + block('<p>{{ m() }}</p>'),
    'the macro "m" depends on "text"',
    1,
  ],
  ['a set in the block', block('{% set n = text %}{{ n }}'), 'a {% set %} depends on "text"', 1],
  [
    'a set of it in the block',
    block('{% set text = 1 %}<p>{{ text }}</p>'),
    '"text" is set here',
    1,
  ],
  [
    'a set before the block',
    '\n{% set n = text | length %}' + block('<p>{{ text }}</p>{{ n }}'),
    'depends on "text"',
    2,
  ],
  [
    'a set of it before the block',
    '{% set text = text or "…" %}' + block('<p>{{ text }}</p>'),
    '"text" is set here',
    1,
  ],
  [
    'a filter block',
    block('<p>{% filter upper %}{{ text }}{% endfilter %}</p>'),
    'the filter "upper"',
    1,
  ],
  [
    'an include',
    block('<p>{{ text }}</p>{% include "i.html" %}'),
    'an include may read "text"',
    1,
    { 'i.html': '' },
  ],
  [
    'an import with context',
    '{% import "i.html" as i with context %}' + block('<p>{{ text }}</p>{{ i.f() }}'),
    'import with context may read "text"',
    1,
    { 'i.html': '{% macro f() %}{{ text }}{% endmacro %}' },
  ],
  [
    'markup of unknown shape before it',
    block('<p>{{ icon() }}{{ text }}</p>'),
    'markup of unknown shape',
    1,
  ],
  [
    'branches that open different elements',
    block('{% if a %}<p>{% else %}<div>{% endif %}{{ text }}'),
    'markup of unknown shape',
    1,
  ],
  ['not being there', block('<p></p>'), 'the block does not read "text"', undefined],
  [
    'a parent that is chosen by a variable',
    '{% extends layout %}' + block('<p>{{ text }}</p>'),
    'the parent is only known at run time',
    1,
  ],
]

describe('explain() of a streamed variable', () => {
  test.each(accepted)('may append: %s', async (_name, text, plan, more) => {
    expect(await explain(text, more)).toMatchObject(plan)
  })
  test.each(withoutElement)('may append, but not to an element, when %s', async (_name, text) => {
    const plan = await explain(text)
    expect(plan.kind).toBe('append')
    expect(plan).not.toHaveProperty('element')
  })
  test.each(refused)('refuses %s', async (_name, text, reason, line, more) => {
    const plan = await explain(text, more)
    expect(plan).toMatchObject({ kind: 'full', reason: expect.stringContaining(reason) })
    expect('line' in plan ? plan.line : undefined).toBe(line)
  })
  test('refuses when autoescape is off, unless it is escaped by hand', async () => {
    expect(await explain(block('<p>{{ text }}</p>'), {}, false)).toMatchObject({
      kind: 'full',
      reason: expect.stringContaining('autoescape'),
    })
  })
  test('refuses a filter of the app that is called markdown, too', async () => {
    const templates = { 'a.html': block('<div>{{ text | markdown }}</div>') }
    const engine = engineOf(templates, {
      markdown: markdown(),
      filters: { markdown: (text: string) => text },
    })
    expect(await engine.explain('a.html', 'b', 'text')).toMatchObject({
      kind: 'full',
      reason: 'line 1: "text" goes through the filter "markdown"',
    })
  })
  test('is asked for a block that must be there', async () => {
    await expect(engineOf({ 'a.html': '' }).explain('a.html', 'b', 'text')).rejects.toMatchObject({
      code: 'block/unknown',
    })
  })
})

test('a parent chosen by a condition is known with a context, or with an open renderer', async () => {
  const engine = engineOf({
    'one.html': block('<p>{{ text }}</p>'),
    'two.html': block('{{ text | upper }}'),
    'a.html': '{% if two %}{% extends "two.html" %}{% else %}{% extends "one.html" %}{% endif %}',
  })
  const kind = async (context?: Record<string, unknown>): Promise<string> =>
    (await engine.explain('a.html', 'b', 'text', context)).kind
  expect([await kind(), await kind({}), await kind({ two: 1 })]).toEqual(['full', 'append', 'full'])
  const renderer = await engine.open('a.html', 'b', {})
  expect(renderer.growth?.('text')).toMatchObject({ kind: 'append', template: 'one.html' })
})

test.each(accepted.filter(([, , plan]) => (plan as GrowthPlan).kind === 'append'))(
  'what may be appended is what a whole draw would add: %s',
  async (_name, text, _plan, more) => {
    const engine = engineOf({ 'a.html': text, ...more }, { globals: { foot: () => 'foot' } })
    const renderer = await engine.open('a.html', 'b', {
      a: 1,
      c: 'c',
      who: 'w',
      title: 't',
      src: 's',
    })
    const mark = 'MARK'
    const [before, after] = (renderer.render({ text: mark }) as string).split(mark)
    const chunk = fc.string({ unit: 'binary', maxLength: 80 })
    fc.assert(
      fc.property(chunk, chunk, (one, two) => {
        const whole = renderer.render({ text: one + two })
        expect(whole).toBe(before! + escapeHtml(one) + escapeHtml(two) + after!)
      }),
      { numRuns: 50 },
    )
  },
)
