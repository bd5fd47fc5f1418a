import { expect, test } from 'vitest'
import { drawn } from './engine-of.ts'

/** Families that the random ones brought up, smallest form, with what their page shows. */
const found: [name: string, templates: Record<string, string>, block: string, html: string][] = [
  [
    'a super() of a nested block belongs to the block around it, and prints nothing in the nested one',
    {
      't2.html':
        '{% block p %}{% block r %}base{% endblock %}{% endblock %}{% set b = "x" %}{% block q %}{% endblock %}',
      't1.html':
        '{% extends "t2.html" %}{% block q %}{{ (b | upper).length }}{% endblock %}{% block p %}{% endblock %}',
      'a.html':
        '{% extends "t1.html" %}{% block q %}{% block r %}[{{ super() }}]{% endblock %}{% endblock %}{% block p %}{% endblock %}',
    },
    'r',
    '[]',
  ],
  [
    'a block under a condition that fails, and again where it is drawn: what is declared before the second counts',
    {
      'base.html': '{% block p %}{% endblock %}{% set n = "late" %}{% block r %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% block p %}{% if off %}{% block r %}{{ n }}{% endblock %}{% endif %}{% endblock %}',
    },
    'r',
    'late',
  ],
  [
    'what a parent sets around a block does not count where only an unprinted super() draws it',
    {
      'base.html': '{% block r %}{% set b = "set" %}{% block s %}{% endblock %}{% endblock %}',
      'a.html':
        '{% extends "base.html" %}{% block r %}{% block s %}{{ super() }}{{ b }}{% endblock %}{% endblock %}',
    },
    's',
    'given',
  ],
  [
    'a block that stands before extends is drawn where the parent draws it',
    {
      'base.html': '{% block p %}{% endblock %}',
      'mid.html': '{% block p %}{% endblock %}{% set b %}set{% endset %}{% extends "base.html" %}',
      'a.html': '{% extends "mid.html" %}{% block p %}{{ b }}{% endblock %}',
    },
    'p',
    'set',
  ],
]

test.each(found)('%s', async (_name, templates, block, html) => {
  expect(await drawn(templates, ['a.html', block], { b: 'given' })).toBe(html)
})

test('a failure while a parent is chosen is reported with its place', async () => {
  const templates = {
    'lib.html': '{% macro wrap(x) %}({{ x }}){% endmacro %}',
    'page.html': '{% block p %}{% endblock %}',
    // nunjucks forgets what was imported inside a condition as soon as the condition ends.
    'a.html':
      '{% if true %}{% from "lib.html" import wrap %}{% endif %}{% set a = wrap("x") %}{% extends a or "page.html" %}',
  }
  await expect(drawn(templates, ['a.html', 'p'], {})).rejects.toMatchObject({
    name: 'TemplateError',
    code: 'render/failed',
    place: { template: 'a.html', line: 1 },
  })
})
