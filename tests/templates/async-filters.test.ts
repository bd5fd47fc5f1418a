import { afterEach, expect, test, vi } from 'vitest'
import { timersRunning } from '../../src/shared/clock.ts'
import type { NunjucksOptions } from '../../src/templates/nunjucks/engine.ts'
import { drawn, engineOf } from './engine-of.ts'

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
type Done = (error: unknown, value?: unknown) => void

const options: NunjucksOptions = {
  asyncFilters: {
    slow: async (text: unknown, mark = '!') => (await soon(), `${text}${mark}`),
    back: (text: unknown, done: Done) => void setImmediate(() => done(null, `<${text}>`)),
    renderInitial: (text: unknown, done: Done) => done(null, text),
    fails: async () => Promise.reject(new RangeError('no luck')),
    failsBack: (_text: unknown, done: Done) =>
      void setImmediate(() => done(new RangeError('no luck'))),
    twice: (text: unknown, done: Done) =>
      void setImmediate(() => (done(null, text), done(null, 'again'))),
    never: () => {},
  },
}

afterEach(() => {
  if (timersRunning() > 0) throw new Error(`${timersRunning()} timers are left`)
})

test.each([
  ['{% block b %}{{ text | slow }}{% endblock %}', 'T!'],
  ['{% block b %}{{ text | slow("?") }}{{ text | back }}{% endblock %}', 'T?&lt;T&gt;'],
  ['{% set x = text | slow %}{% block b %}{{ x }}{{ text }}{% endblock %}', 'T!T'],
  [
    '{% block b %}{% if text | slow %}yes{% endif %}{% for i in [1, 2] %}{{ i | slow }}{% endfor %}{% endblock %}',
    'yes1!2!',
  ],
  ['{% block b %}{% set x = text | slow %}{{ x }}{% include "i.html" %}{% endblock %}', 'T!T!'],
  ['{% block o %}{% set x = text | slow %}{% block b %}{{ x }}{% endblock %}{% endblock %}', 'T!'],
  ['{% block b %}{{ text | twice }}{% endblock %}', 'T'],
  [
    '{% extends layout | slow("") %}'.replace(' | slow("")', '') +
      '{% block b %}{{ super() }}{{ text | slow }}{% endblock %}',
    'baseT!',
  ],
])('a block with async filters is drawn as it reads: %s', async (text, html) => {
  const templates = {
    'a.html': text,
    'i.html': '{{ text | slow }}',
    'base.html': '{% block b %}base{% endblock %}',
  }
  const renderer = await engineOf(templates, options).open('a.html', 'b', {
    text: 'T',
    layout: 'base.html',
  })
  const first = renderer.render()
  expect(await first).toBe(html)
  expect(await renderer.render({ text: 'T' })).toBe(html)
})

test('an async filter that answers at once causes no wait', async () => {
  const renderer = await engineOf(
    { 'a.html': '{% block b %}{{ 1 | renderInitial }}{% endblock %}' },
    options,
  ).open('a.html', 'b')
  expect(renderer.render()).toBe('1')
})

test('draws that overlap do not see each other', async () => {
  const text =
    '{% set p = "p" %}{% macro m() %}{{ text }}{% endmacro %}{% block b %}{{ text | slow }}{{ m() }}{{ p }}{{ text }}{% endblock %}'
  const renderer = await engineOf({ 'a.html': text }, options).open('a.html', 'b')
  const draws = [1, 2, 3].map((each) => renderer.render({ text: each }))
  expect(await Promise.all(draws)).toEqual(['1!1p1', '2!2p2', '3!3p3'])
  expect(await renderer.render({ text: 4 })).toBe('4!4p4')
})

test.each([
  ['a filter that rejects', '{{ 1 | fails }}', 'no luck'],
  ['a filter that calls back with an error', '{{ 1 | failsBack }}', 'no luck'],
  ['an error after an async filter has called back', '{{ 1 | slow }}{{ gone() }}', '`gone`'],
  ['an error after two of them', '{{ 1 | slow }}{{ 1 | back }}{{ gone() }}', '`gone`'],
  [
    'an error in a loop of them',
    '{% for i in [1] %}{{ i | back }}{{ gone() }}{% endfor %}',
    '`gone`',
  ],
  ['an error in an include after one', '{{ 1 | slow }}{% include "i.html" %}', '`gone`'],
])('%s rejects the draw, and nothing is left uncaught', async (_name, text, says) => {
  const uncaught = vi.fn<() => void>()
  process.on('uncaughtException', uncaught)
  try {
    const templates = {
      'a.html': `{% block b %}${text}{% endblock %}`,
      'i.html': '{{ 1 | slow }}{{ gone() }}',
    }
    await expect(drawn(templates, ['a.html', 'b'], {}, options)).rejects.toMatchObject({
      code: 'render/failed',
      message: expect.stringContaining(says),
    })
    await expect(engineOf(templates, options).render('a.html')).rejects.toMatchObject({
      code: 'render/failed',
    })
    await soon()
    expect(uncaught).not.toHaveBeenCalled()
  } finally {
    process.off('uncaughtException', uncaught)
  }
})

test('a failed async filter before a block is reported where the block reads its value, and not before', async () => {
  const before = '{% set x = 1 | fails %}\n{% if 1 | failsBack %}{% set y = 1 %}{% endif %}'
  const engine = engineOf(
    {
      'a.html': `\n${before}{% block b %}{{ y }}{% endblock %}{% block c %}{{ x }}{% endblock %}`,
    },
    options,
  )
  expect(await (await engine.open('a.html', 'b')).render()).toBe('')
  const reading = engine.open('a.html', 'c').then((renderer) => renderer.render())
  await expect(reading).rejects.toMatchObject({
    code: 'render/failed',
    place: { template: 'a.html', line: 2 },
    message: expect.stringContaining('no luck'),
  })
})

test.each([
  ['in the block', '{% block b %}{{ 1 | never }}{% endblock %}'],
  ['before the block', '{% set x = 1 | never %}{% block b %}{{ x }}{% endblock %}'],
])('a filter that never calls back ends in a timeout: %s', async (_where, text) => {
  const engine = engineOf({ 'a.html': text }, { ...options, renderTimeoutMs: 20 })
  const draw = engine.open('a.html', 'b').then((renderer) => renderer.render())
  await expect(draw).rejects.toMatchObject({
    code: 'template/timeout',
    message: expect.stringContaining('20 ms'),
  })
  await expect(engine.render('a.html')).rejects.toMatchObject({ code: 'template/timeout' })
})

test('a page with async filters is drawn whole', async () => {
  const html = await engineOf(
    { 'a.html': '<{% block b %}{{ text | slow }}{% endblock %}>' },
    options,
  ).render('a.html', { text: 'T' })
  expect(html).toBe('<T!>')
})

test('an error after an async tag rejects the draw', async () => {
  const tag = {
    tags: ['later'],
    parse(parser: any, nodes: any) {
      const { value } = parser.nextToken()
      const given = parser.parseSignature(null, true)
      parser.advanceAfterBlockEnd(value)
      return new nodes.CallExtensionAsync(tag, 'run', given, [])
    },
    run: (_context: unknown, _given: number, done: Done) =>
      void setImmediate(() => done(null, 'L')),
  }
  const configured: NunjucksOptions = { configure: (env) => void env.addExtension('later', tag) }
  expect(
    await drawn(
      { 'a.html': '{% block b %}{% later 1 %}{% endblock %}' },
      ['a.html', 'b'],
      {},
      configured,
    ),
  ).toBe('L')
  const broken = drawn(
    { 'a.html': '{% block b %}{% later 1 %}{{ gone() }}{% endblock %}' },
    ['a.html', 'b'],
    {},
    configured,
  )
  await expect(broken).rejects.toMatchObject({ code: 'render/failed' })
})
