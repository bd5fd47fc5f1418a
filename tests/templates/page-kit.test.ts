import { describe, expect, test } from 'vitest'
import { Hono } from 'hono'
import { nunjucksEngine, Page, readForm, swapstream } from 'swapstream'
import { z } from 'zod'
import { german } from 'swapstream/core'
import { recordingLog } from '../support/recording-log.ts'

const INCLUDE = '{% include "swapstream/head.html" %}'

describe('the head of a page', () => {
  const render = (set: string, globals = {}, context = {}): Promise<string> =>
    nunjucksEngine({ templates: { 'x.html': `${set}${INCLUDE}` }, globals }).render(
      'x.html',
      context,
    )
  const option = (options: string): Promise<string> =>
    render(`{% set swapstreamHead = ${options} %}`)
  /** The elements, by what they are for. */
  const partsOf = (html: string): string[] =>
    Array.from(
      html.matchAll(/<(?:meta name|link rel|script src)="([\w-]*)/g),
      ([, name]) => name || 'script',
    )
  const KEPT = ['htmx-config', 'script', 'swapstream-stopped']

  test('has all by default, and no color scheme: that is the page’s own', async () => {
    expect(partsOf(await render(''))).toEqual(['viewport', 'icon', 'stylesheet', ...KEPT])
  })

  test('leaves out what is false, and keeps htmx', async () => {
    const none = '{ viewport: false, icon: false, stylesheet: false, colorScheme: false }'
    expect(partsOf(await option(none))).toEqual(KEPT)
    expect(partsOf(await option('{ icon: false }'))).toEqual(['viewport', 'stylesheet', ...KEPT])
    expect(await option('{ icon: true, colorScheme: true }')).toContain(
      '<meta name="color-scheme" content="light dark">',
    )
  })

  test('replaces the rest by an option', async () => {
    const html = await option(
      '{ stylesheet: ["/a.css", "https://x.test/b.css"], icon: "data:image/png;base64,AA==", colorScheme: "dark", viewport: "width=400" }',
    )
    for (const part of [
      '<link rel="stylesheet" href="/a.css">\n<link rel="stylesheet" href="https://x.test/b.css">',
      '<link rel="icon" href="data:image/png;base64,AA==">',
      '<meta name="color-scheme" content="dark">',
      '<meta name="viewport" content="width=400">',
    ])
      expect(html).toContain(part)
    expect(html).not.toContain('swapstream.css')
  })

  test('leaves out an address that would run, and escapes the rest', async () => {
    const hostile = {
      a: 'java\nscript:alert(1)',
      b: '"><script>alert(1)</script>',
      c: 'data:text/html,x',
    }
    const html = await render(
      '{% set swapstreamHead = { stylesheet: [a, b, c, "data:text/css,*{}"], icon: c, colorScheme: b, viewport: b | safe } %}',
      {},
      hostile,
    )
    expect(partsOf(html)).toEqual(['viewport', 'color-scheme', 'stylesheet', ...KEPT])
    expect(html).not.toContain('<script>')
    expect(html).not.toMatch(/alert\(1\)(?!&lt;)|data:/)
  })

  test('takes the options of the app, and those of a page over them', async () => {
    const app = new Hono()
    const templates = {
      'app.html': INCLUDE,
      'own.html': `{% set swapstreamHead = { icon: "/own.svg" } %}${INCLUDE}`,
      'layout.html': `<head>{% block head %}${INCLUDE}{% endblock %}</head>`,
      'child.html': '{% extends "layout.html" %}{% set swapstreamHead = { icon: "/child.svg" } %}',
    }
    app.use(swapstream({ templates, head: { stylesheet: '/app.css', icon: false } }))
    for (const name of Object.keys(templates)) app.get(`/${name}`, () => new Page(name))
    const linked = async (name: string): Promise<string[]> => {
      const html = await (await app.request(`/${name}`)).text()
      return Array.from(html.matchAll(/<link.*?href="([^"]*)"/g), ([, href]) => href!)
    }
    expect(await linked('app.html')).toEqual(['/app.css'])
    expect(await linked('own.html')).toEqual(['/own.svg', '/app.css'])
    expect(await linked('child.html')).toEqual(['/child.svg', '/app.css'])
  })

  test('takes the options of each app that shares an engine, also in other texts', async () => {
    const engine = nunjucksEngine({
      templates: { 'x.html': INCLUDE },
      globals: { swapstreamHead: { icon: false } },
    })
    const linked = async (options: object): Promise<string[]> => {
      const app = new Hono()
      app.use(swapstream({ engine, ...options }))
      app.get('/', () => new Page('x.html'))
      const html = await (await app.request('/')).text()
      return Array.from(html.matchAll(/(?:href|src|stopped" content)="([^"]*)"/g), ([, it]) => it!)
    }
    const kit = '/swapstream/swapstream.css'
    expect(await linked({})).toEqual([kit, '/swapstream/htmx.js', 'Stopped.'])
    expect(await linked({ assets: '/a/swapstream', texts: german })).toEqual([
      '/a/swapstream/swapstream.css',
      '/a/swapstream/htmx.js',
      'Angehalten.',
    ])
    const head = { stylesheet: '/b.css', icon: '/b.svg' }
    expect(await linked({ assets: '/b', head, context: () => ({ more: 1 }) })).toEqual([
      '/b.svg',
      '/b.css',
      '/b/htmx.js',
      'Stopped.',
    ])
    expect(await linked({})).toEqual([kit, '/swapstream/htmx.js', 'Stopped.'])
  })

  test.each([
    ['{ styleSheet: "/a.css" }', /no option "styleSheet" .*did you mean "stylesheet"\?/],
    ['{ icon: 7 }', /option "icon" .* is a number\. It takes a text, or false/],
    ['{ stylesheet: ["/a.css", 7] }', /option "stylesheet" .* is a number/],
    ['"/a.css"', /swapstreamHead is a string\. It takes options, such as/],
    ['["/a.css"]', /swapstreamHead is an Array/],
  ])('says what is wrong with %s', async (options, message) => {
    await expect(option(options)).rejects.toThrow(message)
  })
})

describe('a field of a form', () => {
  const engine = nunjucksEngine({
    templates: {
      'x.html':
        '{% from "swapstream/form.html" import field, buttons %}{{ field(name, "A label", values, errors, more) }}',
      'row.html':
        '{% from "swapstream/form.html" import buttons %}{% call buttons() %}<button>Save</button>{% endcall %}',
    },
  })
  const field = (more: object, value?: unknown, error?: string, name = 'it'): Promise<string> =>
    engine.render('x.html', { name, more, values: { [name]: value }, errors: { [name]: error } })

  test('is an input of any type; a password and a file never come back', async () => {
    expect(await field({ type: 'date' }, '2026-01-02')).toBe(
      '<p class="swapstream-field"><label for="it">A label</label> <input id="it" name="it" value="2026-01-02" type="date"></p>',
    )
    for (const type of ['password', 'file'])
      expect(await field({ type }, 'secret')).not.toMatch(/secret|value=/)
  })

  test('is described by its hint and its problem', async () => {
    const html = await field({ hint: 'Your own.', 'aria-describedby': 'rules' }, 'x', 'Wrong.')
    expect(html).toContain('<small id="it-hint">Your own.</small>')
    expect(html).toContain('aria-invalid="true" aria-describedby="rules it-hint it-error"')
    expect(html).toContain('<strong id="it-error">Wrong.</strong>')
    expect(await field({}, 'x')).not.toContain('aria-')
  })

  test('is a textarea that keeps its first line break', async () => {
    expect(await field({ type: 'textarea', rows: 4 }, '\na')).toContain(
      '<textarea id="it" name="it" rows="4">\n\na</textarea>',
    )
  })

  const selected = (html: string): string[] =>
    Array.from(html.matchAll(/value="([^"]*)"(?= selected| checked)/g), ([, value]) => value!)

  test.each([
    ['texts', ['a', 'b', 'ab']],
    [
      'objects',
      [{ value: 'a', label: 'A' }, { value: 'b', label: 'B', disabled: true }, { value: 'ab' }],
    ],
    ['one object', { a: 'A', b: 'B', ab: 'AB' }],
  ])('chooses from %s', async (_, options) => {
    for (const type of ['select', 'radio', 'checkbox']) {
      expect(selected(await field({ type, options }, 'b')), type).toEqual(['b'])
      expect(selected(await field({ type, options }, ['a', 'ab'])), type).toEqual(['a', 'ab'])
      expect(selected(await field({ type, options })), type).toEqual([])
      expect(selected(await field({ type, options }, 'undefined')), type).toEqual([])
    }
  })

  test('knows a number by its text, and a box by "on", true or its value', async () => {
    expect(selected(await field({ type: 'select', options: [1, 2] }, '2'))).toEqual(['2'])
    const isChecked = async (more: object, value: unknown): Promise<boolean> =>
      / checked/.test(await field({ type: 'checkbox', ...more }, value))
    expect(await isChecked({}, 'on')).toBe(true)
    expect(await isChecked({}, true)).toBe(true)
    expect(await isChecked({}, undefined)).toBe(false)
    expect(await isChecked({ value: 'yes' }, 'yes')).toBe(true)
    expect(await isChecked({ value: 'yes' }, 'on')).toBe(false)
  })

  test('groups radios and boxes under a legend, which has the hint and the problem', async () => {
    const more = { options: ['a', 'b'], hint: 'One.', required: true }
    const radios = await field({ ...more, type: 'radio' }, 'a', 'Choose.')
    expect(radios).toMatch(
      /^<fieldset class="swapstream-field" id="it" role="radiogroup" aria-invalid="true" aria-describedby="it-hint it-error"><legend>A label<\/legend>/,
    )
    expect(radios.match(/ required/g)).toHaveLength(2)
    const boxes = await field({ ...more, type: 'checkbox' }, 'a', 'Choose.')
    expect(boxes).not.toMatch(/role=| required/)
    expect(boxes.match(/aria-invalid="true"/g)).toHaveLength(2)
    for (const type of ['radio', 'checkbox'])
      expect(await field({ ...more, type }, 'a'), type).not.toContain('aria-invalid')
  })

  test('begins with its value, until there is another', async () => {
    const first = (more: object, values?: object): Promise<string> =>
      engine.render('x.html', { name: 'it', more, values })
    const options = ['a', 'b']
    for (const type of ['text', 'number', 'textarea']) {
      const shown = async (values?: object): Promise<string[] | null> =>
        (await first({ type, value: 7 }, values)).match(/(?<=value="|>\n)[^"<]+(?="|<)/g)
      expect(await shown(), type).toEqual(['7'])
      expect(await shown({}), type).toEqual(['7'])
      expect(await shown({ it: 0 }), type).toEqual(['0'])
      expect(await shown({ it: '' }), type).toBeNull()
    }
    for (const type of ['select', 'radio', 'checkbox']) {
      const html = await first({ type, options, value: 'b' })
      expect(selected(html), type).toEqual(['b'])
      expect(html.match(/value=/g), type).toHaveLength(2)
      expect(selected(await first({ type, options, value: 'b' }, { it: 'a' })), type).toEqual(['a'])
    }
    // None of them was chosen.
    for (const more of [{ type: 'checkbox' }, { type: 'select', multiple: true }])
      expect(selected(await first({ ...more, options, value: ['b'] }, { other: 1 }))).toEqual([])
  })

  test('knows its type in capitals, too', async () => {
    expect(await field({ type: 'PASSWORD' }, 'secret')).not.toMatch(/secret|value=/)
    expect(selected(await field({ type: 'Select', options: ['a'] }, 'a'))).toEqual(['a'])
  })

  test('escapes whatever comes from outside', async () => {
    const evil = '"><script>alert(1)</script>\'&'
    for (const type of ['text', 'textarea', 'select', 'radio', 'checkbox', 'file'])
      for (const options of [undefined, [evil], { [evil]: evil }, [{ value: evil, label: evil }]]) {
        const html = await field(
          { type, options, hint: evil, title: evil, id: evil },
          evil,
          evil,
          evil,
        )
        expect(html, type).not.toContain('<script')
        expect(html, type).not.toContain('"">')
      }
  })

  test('shows what readForm returns', async () => {
    const app = new Hono()
    app.use(swapstream({ engine, log: recordingLog() }))
    const schema = z.object({ it: z.array(z.enum(['a', 'b'])).min(3, 'Three.') })
    app.post('/', async (c) => {
      const form = await readForm(c, schema)
      if (form.ok) return c.text('')
      return new Page('x.html', {
        ...form,
        name: 'it',
        more: { type: 'checkbox', options: ['a', 'b'] },
      })
    })
    const body = new URLSearchParams([
      ['it', 'a'],
      ['it', 'b'],
    ])
    const html = await (await app.request('/', { method: 'POST', body })).text()
    expect(selected(html)).toEqual(['a', 'b'])
    expect(html).toContain('>Three.</strong>')
  })

  test('stands beside a row of buttons', async () => {
    expect(await engine.render('row.html')).toBe(
      '<p class="swapstream-buttons"><button>Save</button></p>',
    )
  })
})
