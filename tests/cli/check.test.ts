import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import fc from 'fast-check'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  createRuns,
  EventStream,
  mount,
  Page,
  plain,
  stream,
  streamToFragments,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { fromComponents } from 'swapstream/core'
import { check, type CheckResult } from 'swapstream/check'
import { codeTokens } from '../../src/cli/code-tokens.ts'
import { recordingLog } from '../support/recording-log.ts'
import { runsOf } from '../support/runs.ts'

type Templates = Readonly<Record<string, string>>

function appOf(templates: Templates, options: SwapstreamOptions = {}): Hono {
  const app = new Hono()
  app.use(swapstream({ templates, log: recordingLog(), ...options }))
  return app
}

const lines = (found: CheckResult['faults']): string[] =>
  found.map(({ file, line, column, message, hint }) =>
    `${file}:${line}:${column}: ${message} ${hint ?? ''}`.trim(),
  )
const faultsOf = async (templates: Templates, app = appOf(templates)): Promise<string[]> =>
  lines((await check({ app })).faults)

describe('names', () => {
  test('of templates that are extended, included and imported have to be there', async () => {
    expect(
      await faultsOf({
        'base.html': '{% block b %}{% endblock %}',
        'parts/row.html': 'row',
        'parts/a.html': '{% include "./row.html" %}{% include "./rwo.html" %}',
        'a.html':
          '{% extends "bsae.html" %}\n{% block b %}\n  {% include "parts/row.htm" %}{% from "nobody.html" import x %}{% include "gone.html" ignore missing %}{% include some %}{% endblock %}',
      }),
    ).toEqual([
      expect.stringMatching(
        /^a\.html:1:12: template "bsae\.html" not found .*did you mean "base\.html"/,
      ),
      expect.stringMatching(/^a\.html:3:14: .*did you mean "parts\/row\.html"/),
      expect.stringMatching(/^a\.html:3:40: template "nobody\.html" not found/),
      expect.stringMatching(/^parts\/a\.html:1:38: .*did you mean "parts\/row\.html"/),
    ])
  })

  test('that are imported from a template have to be declared in it', async () => {
    const faults = await faultsOf({
      'ui.html':
        '{% macro button(x) %}{% endmacro %}{% if a %}{% set size = 1 %}{% endif %}{% from "more.html" import x as y %}',
      'more.html': '{% set x = 1 %}',
      'a.html':
        '{% from "ui.html" import button, size as s, y %}{% from "./ui.html" import buton, x %}{% from some import z %}',
    })
    expect(faults).toEqual([
      'a.html:1:76: "ui.html" has no "buton" to import (has: button, size, y; did you mean "button"?).',
      expect.stringMatching(/^a\.html:1:83: "ui\.html" has no "x" to import/),
    ])
  })

  test('of filters and tests have to be known; those of the app are', async () => {
    const templates = {
      'a.html':
        '{{ x | uper }}{% if x is defned %}{{ x | mine }}{% endif %}\n{% macro m() %}{{ y | lenght }}{% endmacro %}',
    }
    const app = appOf(templates, { filters: { mine: String } })
    expect(await faultsOf(templates, app)).toEqual([
      'a.html:1:8: unknown filter "uper". Did you mean "upper"?',
      'a.html:1:26: unknown test "defned". Did you mean "defined"?',
      'a.html:2:23: unknown filter "lenght". Did you mean "length"?',
    ])
  })

  test('a template that cannot be parsed is one fault, and the others are looked at all the same', async () => {
    expect(
      await faultsOf({
        'broken.html': 'fine\n  {% if %}',
        'twice.html': '{% block a %}{% endblock %}{% block a %}{% endblock %}',
        'other.html': '{{ x | uper }}',
      }),
    ).toEqual([
      expect.stringMatching(/^broken\.html:2:\d+: \S/),
      'other.html:1:8: unknown filter "uper". Did you mean "upper"?',
      'twice.html:1:1: Block "a" defined more than once.',
    ])
  })

  test('templates that extend each other in a circle are a fault', async () => {
    const [first] = await faultsOf({
      'a.html': '{% extends "b.html" %}',
      'b.html': '{% extends "a.html" %}',
    })
    expect(first).toMatch(/^[ab]\.html:1:\d+: templates extend each other in a circle/)
  })

  test('of blocks that a template draws have to be there', async () => {
    const faults = await faultsOf({
      'base.html': '{% block there %}{% endblock %}',
      'a.html': '{% extends "base.html" %}',
      'b.html':
        '{{ renderBlock("a.html", "there") }}{{ renderBlock("a.html", "their") }}{{ renderBlock(a, "x") }}{{ renderBlock("open.html", "any") }}{% include some %}',
      'open.html': '{% extends layout %}',
    })
    expect(faults).toEqual([
      'b.html:1:52: block "their" not found in template "a.html" (has: there; did you mean "there"?).',
    ])
  })
})

describe('addresses', () => {
  function serving(html: string): Promise<string[]> {
    const templates = { 'a.html': html }
    const app = appOf(templates)
    app.use('/admin/*', async (_, next) => next())
    app.on('OPTIONS', '*', (c) => c.text(''))
    app.get('/notes', (c) => c.text(''))
    app.post('/notes', (c) => c.text(''))
    app.get('/notes/:id{[0-9]+}', (c) => c.text(''))
    app.delete('/notes/:id', (c) => c.text(''))
    app.all('/any', (c) => c.text(''))
    const sub = new Hono()
    sub.onError((_, c) => c.text('', 500))
    sub.put('/:id', (c) => c.text(''))
    app.route('/sub', sub)
    mount(
      app,
      stream({ path: '/chat', input: { form: z.object({}) } }, async function* () {}),
    )
    return faultsOf(templates, app)
  }

  test.each([
    '<a hx-get="/notes?page=2#top"></a>',
    '<a hx-get="/notes/12"></a>',
    '<a hx-delete="/notes/{{ note.id }}"></a>',
    '<a hx-delete="/notes/{{ note.id }}?sure=1"></a>',
    '<a hx-put="/sub/{% if a %}1{% else %}2{% endif %}"></a>',
    '<a data-hx-post="/chat"></a>',
    '<a hx-post:inherited="/chat"></a>',
    '<a hx-patch="/any"></a>',
    '<a hx-get="{{ url }}"></a>',
    '<a hx-get="{{ base }}/nowhere"></a>',
    '<a hx-get="https://a.example/x"></a>',
    '<a hx-get="//a.example/x"></a>',
    '<a hx-get="relative"></a>',
    '<a hx-get=""></a>',
    '<a title="a > b" hx-get=/notes></a>',
    '<form action="/notes" method="post"><button formaction="/chat"></button></form>',
    '<form action="/notes"></form>',
    '<form action="/notes" method="{{ method }}"></form>',
    '<form action="/nowhere" method="dialog"></form>',
    '<div hx-sse:connect="/notes"></div>',
    '<a hx-get="/admin/what"></a>',
    '<!-- <a hx-get="/nowhere"> --><script>"<a hx-get=/nowhere>"</script>',
    '{# <a hx-get="/nowhere"> #}{% raw %}{{ x }}{% endraw %}',
    '<a hx-action="/sub/1" hx-method="put"></a>',
  ])('%s is answered', async (html) => {
    expect(await serving(html)).toEqual([])
  })

  test.each([
    ['<a hx-get="/ntoes"></a>', '1:4: no route answers to GET /ntoes. Did you mean "/notes"?'],
    [
      '<a hx-delete="/notes"></a>',
      '1:4: hx-delete asks by DELETE, and /notes answers to GET, POST only.',
    ],
    [
      '<a hx-get="/notes/new"></a>',
      '1:4: hx-get asks by GET, and /notes/new answers to DELETE only.',
    ],
    [
      '<a hx-put="/notes/{{ id }}"></a>',
      '1:4: hx-put asks by PUT, and /notes/… answers to GET, DELETE only.',
    ],
    ['<a hx-post="/lists/{{ id }}"></a>', '1:4: no route answers to POST /lists/….'],
    ['<a\n  title="a > b"\n  hx-get="/x"></a>', '3:3: no route answers to GET /x.'],
    ['<form action="/chat"></form>', '1:7: action asks by GET, and /chat answers to POST only.'],
    [
      '<form method="post" action="/notes"><button formaction="/x">',
      '1:45: no route answers to POST /x.',
    ],
    [
      '<div hx-sse:connect="/chat"></div>',
      '1:6: hx-sse:connect asks by GET, and /chat answers to POST only.',
    ],
    [
      '{% if a %}<a {%- if b %} hx-get="/notes"{% else %} hx-get="/x"{% endif %}>{% endif %}',
      '1:52: no route answers to GET /x.',
    ],
  ])('%s is not', async (html, fault) => {
    expect(await serving(html)).toEqual([`a.html:${fault}`])
  })

  test('that another server answers are let pass', async () => {
    const app = appOf({ 'a.html': '<a hx-post="/kill/1"></a><a hx-post="/x"></a>' })
    const { faults } = await check({ app, externalPrefixes: ['/kill/'] })
    expect(lines(faults)).toEqual(['a.html:1:29: no route answers to POST /x.'])
  })

  test('are looked up without asking the app, which takes routes afterwards', async () => {
    const app = appOf({ 'a.html': '<a hx-get="/late"></a>' })
    expect((await check({ app })).faults).toHaveLength(1)
    app.get('/late', (c) => c.text(''))
    expect((await check({ app })).faults).toEqual([])
  })
})

describe('elements that are meant by their id', () => {
  const page = (html: string, more: Templates = {}): Templates => ({
    'base.html': '<main id="main">{% block b %}{% endblock %}</main>{% include "foot.html" %}',
    'foot.html': '<p id="foot"></p>',
    'a.html': `{% extends "base.html" %}{% block b %}${html}{% endblock %}`,
    ...more,
  })

  test.each([
    '<a hx-target="#main"></a>',
    '<a hx-target="#foot"></a>',
    '<a hx-target="this"></a><a hx-target="closest tr"></a><a hx-target="{{ x }}"></a>',
    '<p id="row-{{ id }}-x"></p><a hx-target="#row-7-x"></a>',
    '<p id="{% if a %}one{% else %}two{% endif %}"></p><a hx-target="#two"></a>',
    '<p id="{{ id }}"></p><a hx-target="#anything"></a>',
    '<label for="q"></label><input id="q" aria-describedby="main foot" {% if x %}aria-labelledby="foot"{% endif %}>',
    '<i id="main" hx-swap-oob="true"></i><i hx-swap-oob="beforeend:#main"></i><i {{ attrs }} hx-swap-oob="true"></i>',
  ])('%s are there', async (html) => {
    expect(await faultsOf(page(html))).toEqual([])
  })

  test.each([
    [
      '<a hx-target="#mian"></a>',
      'hx-target means #mian, and no element has that id (has: foot, main; did you mean "main"?).',
    ],
    ['<a hx-target="closest #mian"></a>', 'hx-target means #mian'],
    ['<label for="x">', 'for means #x'],
    ['<i aria-describedby="main nobody">', 'aria-describedby means #nobody'],
    ['<i hx-swap-oob="true">', 'this element has no id, so hx-swap-oob leads nowhere'],
    ['<i hx-swap-oob="beforeend:#nobody">', 'hx-swap-oob means #nobody'],
    ['<i hx-include="#nobody">', 'hx-include means #nobody'],
    ['<p id="row-{{ id }}"></p><a hx-target="#raw-7"></a>', 'hx-target means #raw-7'],
    [
      '<i title="id=nobody" data-x=\'<p id="nobody">\' hx-target="#nobody">',
      'hx-target means #nobody',
    ],
  ])('%s are not', async (html, fault) => {
    const faults = await faultsOf(page(html))
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(fault)
  })

  test('in a template of another page are a note: a fragment may bring them', async () => {
    const app = appOf(page('<a hx-target="#toast"></a>', { 'toast.html': '<p id="toast"></p>' }))
    const { faults, notes } = await check({ app })
    expect(faults).toEqual([])
    expect(lines(notes)).toEqual([
      'a.html:1:42: hx-target means #toast, which stands in toast.html only: right where a fragment brings it.',
    ])
  })
})

describe('streamed answers', () => {
  async function notesOf(html: string, more: Templates = {}, htmx: 2 | 4 = 4): Promise<string[]> {
    const app = appOf({ 'chat.html': html, ...more })
    const runs = createRuns()
    const fragments = () => streamToFragments(['Hi'], 'chat.html', 'b')
    app.post('/chat', () => new EventStream(fragments))
    app.get('/chat/:id', () => new EventStream(fragments))
    app.post('/run', async () => new EventStream(await runs.start(fragments, { owner: 'me' })))
    app.post('/values', () => new EventStream(['a'], { encoding: plain }))
    app.post('/page', () => new Page('chat.html'))
    mount(
      app,
      stream({ path: '/declared', encoding: 'fragments' }, async function* () {}),
    )
    const { faults, notes } = await check({ app, htmx })
    expect(faults).toEqual([])
    return lines(notes)
  }
  const REPLACED =
    'so htmx ends the stream with its first frame. Give hx-target another element, or return a run.'

  test.each([
    ['<form hx-post="/chat" hx-target="this" hx-swap="outerHTML"></form>', '23', 'form'],
    ['<form hx-post="/chat" hx-swap="outerHTML swap:1s"></form>', '23', 'form'],
    ['<form hx-post="/declared" hx-target="this" hx-swap="outerHTML"></form>', '27', 'form'],
    [
      '<a data-hx-get="/chat/{{ id }}" data-hx-target="this" hx-swap="outerHTML"></a>',
      '33',
      'element',
    ],
    ['<form id="f" hx-post="/chat" hx-target="#f" hx-swap="outerHTML"></form>', '30', 'form'],
    ['<form hx-post="/chat" hx-target="closest form" hx-swap="outerHTML"></form>', '23', 'form'],
    ['<form><button hx-post="/chat" hx-target="closest form"></button></form>', '31', 'button'],
    ['<div id="a"><br><p><form hx-post="/chat" hx-target="#a"></form></div>', '42', 'form'],
    [
      '<i class="x turn"><b><form hx-post="/chat" hx-target="closest .turn" hx-swap="innerHTML"></form></b></i>',
      '44',
      'form',
    ],
    [
      '<div id="a">{% if x %}<form hx-post="/chat" hx-target="#a"></form>{% endif %}</div>',
      '45',
      'form',
    ],
  ])('take away what asks: %s', async (html, column, asks) => {
    expect(await notesOf(html)).toEqual([
      `chat.html:1:${column}: the answer takes the place of the ${asks} that asks, ${REPLACED}`,
    ])
  })

  test.each([
    '<form hx-post="/chat" hx-target="#a"></form><div id="a"></div>',
    '<div id="a"></div><form hx-post="/chat" hx-target="#a"></form>',
    '<form hx-post="/chat" hx-target="this"></form>',
    '<form hx-post="/chat" hx-target="closest form"></form>',
    '<div id="a"><form hx-post="/chat" hx-target="#a" hx-swap="beforeend"></form></div>',
    '<div id="a"><form hx-post="/chat" hx-target="#a" hx-swap="innerMorph"></form></div>',
    '<div id="a"><form hx-post="/chat" hx-target="#a" hx-swap="{{ how }}"></form></div>',
    '<div id="a"><form hx-post="/chat" hx-target="{{ there }}"></form></div>',
    '<div id="a"><form hx-post="/chat" {{ attributes }} hx-swap="outerHTML"></form></div>',
    '<div id="a"><form hx-post="/chat" {% if x %}hx-target="#a"{% else %}hx-target="#b"{% endif %}></form></div><i id="b"></i>',
    '<div id="a"><form hx-post="/chat" hx-target="#a" hx-swap="innerHTML target:#b"></form></div>',
    '{% if x %}<div id="a">{% else %}<div>{% endif %}</div><form hx-post="/chat" hx-target="#a"></form>',
    '<form hx-post="/run" hx-target="this" hx-swap="outerHTML"></form>',
    '<form hx-post="/page" hx-target="this" hx-swap="outerHTML"></form>',
    '<form hx-post="/values" hx-target="this" hx-swap="outerHTML"></form>',
    '<form hx-post="{{ path }}" hx-target="this" hx-swap="outerHTML"></form>',
    '<form hx-post="/page" hx-select=".a"></form>',
  ])('do not, as far as the template tells: %s', async (html) => {
    expect(await notesOf(html)).toEqual([])
  })

  test('do not where another template hands a target on', async () => {
    const html = '<form hx-post="/chat" hx-swap="outerHTML"></form>'
    const layout = '<body hx-target:inherited="#main"><main id="main"></main></body>'
    expect(await notesOf(html, { 'layout.html': layout })).toEqual([])
  })

  test.each(['chat', 'run'])('of which a part is chosen come whole: from /%s', async (route) => {
    const html = `<div id="a"></div><form hx-post="/${route}"\nhx-target="#a" hx-select=".answer"></form>`
    expect(await notesOf(html)).toEqual([
      'chat.html:2:16: hx-select chooses a part of the answer, so a streamed answer comes when it is whole. Leave it out where the block is what is wanted.',
    ])
  })

  test.each([
    [' hx-swap="textContent"', 'a streamed answer stays at its first words. Leave it out'],
    [' data-hx-swap="textContent settle:0s"', 'a streamed answer stays at its first words.'],
    [' hx-swap="innerHTML strip:true"', 'strip takes away the first element of a frame'],
    [' hx-swap="strip"', 'strip takes away the first element of a frame'],
    [' hx-swap="outerSync"', 'give the root of the block an id.'],
    [' hx-swap="innerHTML swapEmpty:true"', 'swapEmpty:true empties the target'],
    [' hx-select-oob="#a"', 'Write hx-swap-oob on that element in the block.'],
  ])('lose their later frames, and that is noted:%s', async (attribute, message) => {
    for (const ask of ['hx-post="/chat"', 'hx-post="/run"', 'hx-get="/chat/1"']) {
      const html = `<div id="a"></div><form ${ask} hx-target="#a"${attribute}></form>`
      expect(await notesOf(html)).toEqual([expect.stringContaining(message)])
    }
    const connected = `<div hx-sse:connect="/chat/1" hx-sse:close="done"${attribute}></div><p id="a"></p>`
    expect(await notesOf(connected)).toEqual([expect.stringContaining(message)])
  })

  test.each([
    '<i id="a"></i><form hx-post="/page" hx-target="#a" hx-swap="textContent"></form>',
    '<i id="a"></i><form hx-post="/chat" hx-target="#a" hx-swap="innerHTML strip:false"></form>',
    '<i id="a"></i><form hx-post="/chat" hx-target="#a" hx-swap="{{ how }}"></form>',
    '<div hx-sse:connect="/chat/1" hx-sse:close="done" hx-swap="beforeend"></div>',
  ])('lose none, as far as the template tells: %s', async (html) => {
    expect(await notesOf(html)).toEqual([])
  })

  test('come whole with htmx 2, so nothing is noted', async () => {
    const html = '<form hx-post="/chat" hx-target="this" hx-swap="outerHTML" hx-select="p"></form>'
    expect(await notesOf(html, {}, 2)).toEqual([])
  })
})

describe('attributes', () => {
  const wrong = (html: string, htmx: 2 | 4 = 4) =>
    check({ app: appOf({ 'a.html': html }), htmx }).then(({ faults }) => lines(faults))

  test.each([
    ['<a hx-trget="this">', 'htmx has no attribute hx-trget. Did you mean hx-target?'],
    ['<a hx_get="x">', 'htmx has no attribute hx_get. Did you mean hx-get?'],
    [
      '<a hx-sse:conect="{{ x }}">',
      'htmx has no attribute hx-sse:conect. Did you mean hx-sse:connect?',
    ],
    ['<a data-hx-swop="none">', 'htmx has no attribute hx-swop. Did you mean hx-swap?'],
    ['<a hx-something-of-my-own>', 'htmx has no attribute hx-something-of-my-own. Leave it out.'],
    [
      '<a hx-disabled-elt="this">',
      'htmx 4 does not read hx-disabled-elt. It is called hx-disable now.',
    ],
    ['<a hx-vars="a:1">', 'htmx 4 does not read hx-vars. Use hx-vals.'],
    [
      '<a hx-disable>',
      'hx-disable names the elements that wait for the answer, and it is empty. To keep htmx out, write hx-ignore.',
    ],
  ])('%s is a fault', async (html, fault) => {
    expect(await wrong(html)).toEqual([`a.html:1:4: ${fault}`])
  })

  test.each([
    '<a hx-on:click="x" hx-on::before:request="x" hx-status:422="target:this" hx-confirm:inherited="?" hx-vals:inherited:append="{}">',
    '<a hx-swap="innerMorph" hx-push-url="true" hx-sync="this:drop" hx-morph-skip hx-ignore hx-preload>',
    '<hx-partial hx-target="this"></hx-partial>',
    '<a {{ "hx-nothing" }} hx-{{ method }}="x">',
  ])('%s is right', async (html) => {
    expect(await wrong(html)).toEqual([])
  })

  test('that htmx 4 has dropped are right in pages for htmx 2', async () => {
    expect(await wrong('<a hx-disabled-elt="this" hx-ext="sse" hx-disable>', 2)).toEqual([])
    expect(await wrong('<a hx-trget="this">', 2)).toHaveLength(1)
  })
})

describe('what the code names', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'swapstream-'))))
  afterEach(() => rmSync(folder, { recursive: true }))
  const write = (files: Templates): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
  }
  const templates = {
    'chat.html':
      '<ol id="sources">{% block sources %}{% endblock %}</ol>{% block response %}<p>{{ text }}</p>{% endblock %}',
    'md.html':
      '{% block b %}\n{% if text %}<p>{{ text }}</p>{% endif %}{% endblock %}{% block m %}<div>{{ said | markdown }}</div>{% endblock %}',
  }
  async function checked(code: string, files: Templates = {}, more: Templates = {}) {
    write({ ...files, 'app.ts': code })
    const app = appOf({ ...templates, ...more })
    const { faults, notes } = await check({ app, code: [join(folder, 'app.ts')] })
    const here = relative(process.cwd(), folder).startsWith('..')
      ? folder
      : relative(process.cwd(), folder)
    const short = (found: CheckResult['faults']): string[] =>
      lines(found).map((line) => line.replace(`${here}/`, ''))
    return { faults: short(faults), notes: short(notes) }
  }

  test('templates and blocks that are handed to swapstream have to be there', async () => {
    const { faults } =
      await checked(`import { EventStream, Fragment as F, liveState, Page, streamToFragments, streamWithSources, streamBlocks } from 'swapstream'
// new Page('commented.html')
const pattern = /new Page\\('no.html'\\)/, half = 1 / 2
export const a = () => new Page('caht.html', { text: \`new Page('text.html') \${\`\${1}\`}\` })
export const b = () => new Page('chat.html', {}, { block: 'resposne', blocks: { x: 'sources', y: 'source' } })
export const c = (s: AsyncIterable<string>) => new EventStream(() => streamToFragments(s, 'chat.html', 'respnse', { target: '#surces' }))
export const d = [new F('chat.html', 'nobody'), new F(x.y, 'unknown'), new F('chat.html', cond ? 'a' : 'b')]
export const e = () => streamWithSources(x, 'md.html', { sources: [] })
export const f = () => streamBlocks('chat.html', { sources: {}, other: {} })
export const g = other.Page('elsewhere.html')
export const h = liveState(engine, 'chat.html', {}, { blocks: ['sources', 'lost', some] } as const)
`)
    expect(faults.map((fault) => fault.replace(/ \(has.*\)/, ''))).toEqual([
      'app.ts:4:33: template "caht.html" not found.',
      'app.ts:5:59: block "resposne" not found in template "chat.html".',
      'app.ts:5:98: block "source" not found in template "chat.html".',
      'app.ts:6:104: block "respnse" not found in template "chat.html".',
      'app.ts:6:125: no template has an element with the id "surces". Did you mean "#sources"?',
      'app.ts:7:38: block "nobody" not found in template "chat.html".',
      'app.ts:8:45: block "response" not found in template "md.html".',
      'app.ts:8:45: block "sources" not found in template "md.html".',
      'app.ts:9:65: block "other" not found in template "chat.html".',
      'app.ts:11:75: block "lost" not found in template "chat.html".',
    ])
  })

  test('in every file that the app imports, and in none that it does not', async () => {
    const says = (name: string): string =>
      `import { Page } from 'swapstream'\nexport const x = new Page('${name}')\n`
    const { faults } = await checked(
      `import './one.ts'\nexport { x } from './two.js'\nawait import('./deep')\n`,
      {
        'one.ts': `import './app.ts'\n${says('1.html')}`,
        'two.ts': says('2.html'),
        'deep/index.ts': says('3.html'),
        'unused.ts': says('4.html'),
      },
    )
    expect(faults.map((fault) => fault.split(' not')[0])).toEqual([
      'deep/index.ts:2:27: template "3.html"',
      'one.ts:3:27: template "1.html"',
      'two.ts:2:27: template "2.html"',
    ])
  })

  test('events that are waited for have to be sent, and the other way round', async () => {
    const code = `import { events, ServerSentEvent } from 'swapstream'
export const encoding = events({ event: 'content', done: 'complete' })
export const tick = new ServerSentEvent({ event: 'app:tick', data: '' })
`
    const more = {
      'live.html':
        '<div hx-ext="sse" sse-swap="message, content, contnet"></div><p hx-trigger="click, sse:app:tick, sse:gone"></p><i hx-sse:close="complet"></i>',
    }
    const app = appOf({ ...templates, ...more })
    write({ 'app.ts': code })
    const { faults, notes } = await check({ app, code: [join(folder, 'app.ts')], htmx: 2 })
    expect(
      lines(faults).map((fault) => fault.replace(/ \(has.*?(did you mean.*)?\)/, ' $1')),
    ).toEqual([
      expect.stringMatching(
        /^live\.html:1:19: sse-swap waits for the event "contnet", which no stream sends did you mean "content"/,
      ),
      expect.stringMatching(
        /^live\.html:1:65: hx-trigger waits for the event "gone", which no stream sends/,
      ),
      expect.stringMatching(
        /^live\.html:1:115: hx-sse:close waits for the event "complet", .* did you mean "complete"/,
      ),
    ])
    expect(lines(notes)).toEqual([
      expect.stringContaining('htmx 2 empties an element with hx-swap="innerHTML"'),
    ])

    const unheard = await checked(code)
    expect(unheard.notes).toEqual([
      'app.ts:2:41: no template waits for the event "content": right where a script does.',
      'app.ts:3:50: no template waits for the event "app:tick": right where a script does.',
    ])
    const computed = code.replace("'app:tick'", 'name')
    expect(
      (await checked(computed, {}, { 'live.html': '<i sse-swap="some"></i>' })).faults,
    ).toEqual([])
  })
})

describe('what is looked at', () => {
  test('may be anything: what cannot be read is a fault, and nothing is thrown', async () => {
    const piece = fc.constantFrom(
      ...'{% if x %} {% else %} {% endif %} {% block b %} {% endblock %} {{ x | y }} {{ super() }} {% include "a.html" %}'
        .concat(
          ' {% extends "b.html" %} {% for %} {% raw %} {% switch x %} {% case 1 %} {{ {# #} <a hx-get="/ \' " > id=',
        )
        .split(' '),
      '{% if x %}',
      '{% block b %}',
      '{% endblock %}',
      '{% endif %}',
      '{% set x %}',
      '{% call m() %}',
      '{% extends x %}',
      '{% import "b.html" as b %}',
      '{% fragment f %}',
    )
    const template = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(' '))
    await fc.assert(
      fc.asyncProperty(template, template, async (a, b) => {
        const { faults, notes } = await check({ app: appOf({ 'a.html': a, 'b.html': b }) })
        for (const { line, column, message } of [...faults, ...notes]) {
          expect(line).toBeGreaterThan(0)
          expect(column).toBeGreaterThan(0)
          expect(message).not.toBe('')
        }
      }),
      { numRuns: runsOf(40) },
    )
  })

  test('in code may be anything, too: no text is read for ever', () => {
    const piece = fc.constantFrom(
      ...'\' " ` ${ } { ( ) / // /* */ \\ a new [ ] = , 1 : \n'.split(' '),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const places = codeTokens(pieces.join('')).map(({ at }) => at)
        expect(places).toEqual([...new Set(places)].toSorted((one, other) => one - other))
      }),
    )
  })

  test('without an app: a folder, and no filter that an app may add', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swapstream-'))
    try {
      writeFileSync(
        join(folder, 'a.html'),
        '{{ x | cite }}{% include "b.html" %}<a hx-get="/x" hx-trget="this">',
      )
      writeFileSync(join(folder, 'picture.png'), '{% if %}')
      const { faults, checked } = await check({ templates: folder })
      expect(faults.map(({ message }) => message.split(' not')[0])).toEqual([
        'template "b.html"',
        'htmx has no attribute hx-trget.',
      ])
      expect(checked).toEqual({ templates: 1, routes: 0, files: 0 })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('of the templates of an app only those of a folder, when one is named, and the code', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swapstream-'))
    try {
      for (const part of ['mine', 'theirs']) mkdirSync(join(folder, part))
      for (const part of ['mine', 'theirs'])
        writeFileSync(join(folder, part, 'a.html'), '{% extends layout %}<a hx-trget="this">')
      writeFileSync(join(folder, 'app.ts'), "import { Page } from 'swapstream'\nnew Page('b.html')")
      const app = new Hono()
      app.use(swapstream({ templates: folder, log: recordingLog() }))
      const code = [join(folder, 'app.ts')]
      const { faults } = await check({ app, code, templates: join(folder, 'mine') })
      expect(faults.map(({ message }) => message.split(' (')[0])).toEqual([
        'template "b.html" not found',
        'htmx has no attribute hx-trget.',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('an app without nunjucks templates cannot be checked, and the error names the reason', async () => {
    const app = new Hono()
    app.use(swapstream({ engine: fromComponents({ page: { page: () => '' } }) }))
    app.get('/', () => new Page('page'))
    await expect(check({ app })).rejects.toMatchObject({ code: 'config/invalid' })
    await expect(check({ app: new Hono() })).rejects.toThrow(/draws no nunjucks templates.*missing/)
  })
})
