import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nunjucksEngine, Page, swapstream } from 'swapstream'
import type { Bundle } from 'swapstream/core'
import { bundle } from '../../src/cli/bundle.ts'
import { swapstream as onWorkers } from '../../src/workers/swapstream.ts'
import { recordingLog } from '../support/recording-log.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swapstream-bundle-'))
  mkdirSync(join(folder, 'templates/parts'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true }))

async function bundled(
  templates: Readonly<Record<string, string>>,
  asyncFilters: readonly string[] = [],
): Promise<Bundle> {
  for (const [name, text] of Object.entries(templates))
    writeFileSync(join(folder, 'templates', name), text)
  const out = join(folder, 'bundle.mjs')
  bundle({ templates: join(folder, 'templates'), out, asyncFilters })
  return ((await import(pathToFileURL(out).href)) as { default: Bundle }).default
}

describe('the module that `swapstream bundle` writes', () => {
  test('renders pages and blocks without their texts, with what they extend, include and import', async () => {
    const templates = await bundled({
      'base.html': '<title>{% block title %}{% endblock %}</title>{% block main %}{% endblock %}',
      'parts/row.html': '<li>{{ item }}</li>',
      'macros.html': '{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}',
      'a.html':
        '{% extends "base.html" %}{% import "./macros.html" as m %}{% block title %}A{% endblock %}{% block main %}<ul>{% for item in items %}{% include "parts/row.html" %}{% endfor %}</ul>{% block end %}{{ m.bold(text) }}{% endblock %}{% endblock %}',
    })
    const engine = nunjucksEngine({ templates })
    const context = { items: [1, '<2>'], text: 'x' }
    expect(await engine.render('a.html', context)).toBe(
      '<title>A</title><ul><li>1</li><li>&lt;2&gt;</li></ul><b>x</b>',
    )
    const end = await engine.open('a.html', 'end', context)
    expect([end.render(), end.render({ text: 'y' })]).toEqual(['<b>x</b>', '<b>y</b>'])
    expect(Object.values(templates.compiled)).not.toHaveLength(0)
    expect(readFileSync(join(folder, 'bundle.d.mts'), 'utf8')).toContain('Bundle')
  })

  test('waits for an async filter that is named, and refuses one that is not', async () => {
    const asyncFilters = { later: async (text: string) => `${text}!` }
    const text = { 'a.html': '{% block b %}{{ text | later }}{% endblock %}' }
    const known = nunjucksEngine({ templates: await bundled(text, ['later']), asyncFilters })
    expect(await known.render('a.html', { text: 'x' })).toBe('x!')
    rmSync(join(folder, 'bundle.mjs'))
    const out = join(folder, 'other.mjs')
    bundle({ templates: join(folder, 'templates'), out })
    const { default: templates } = (await import(pathToFileURL(out).href)) as { default: Bundle }
    const unknown = nunjucksEngine({ templates, asyncFilters })
    await expect(unknown.render('a.html', { text: 'x' })).rejects.toMatchObject({
      code: 'template/async-filter',
      message: expect.stringContaining('--async later'),
    })
  })

  test('has the assets of pages, on Node and on Workers', async () => {
    const templates = await bundled({
      'page.html': '<head>{% include "swapstream/head.html" %}</head>',
    })
    const log = recordingLog()
    for (const middleware of [swapstream({ templates, log }), onWorkers({ templates, log })]) {
      const app = new Hono()
      app.use(middleware)
      app.get('/', () => new Page('page.html'))
      const html = await (await app.request('/')).text()
      const paths = Array.from(html.matchAll(/(?:href|src)="(\/[^"]+)"/g), ([, path]) => path!)
      expect(paths).toHaveLength(2)
      for (const path of [...paths, '/swapstream/swapstream.js']) {
        const asset = await app.request(path)
        const etag = asset.headers.get('etag')!
        expect([path, asset.status]).toEqual([path, 200])
        const again = await app.request(path, { headers: { 'if-none-match': etag } })
        expect(again.status).toBe(304)
      }
    }
  })

  test('refuses a folder that is not there, a name that is no module, and a template that is wrong', async () => {
    const templates = join(folder, 'templates')
    const made = (options: { templates?: string; out?: string }) => () =>
      bundle({ templates, out: join(folder, 'x.js'), ...options })
    expect(made({ templates: join(folder, 'none') })).toThrow(/does not exist/)
    expect(made({ out: 'bundle.ts' })).toThrow(/ends with \.js or \.mjs/)
    writeFileSync(join(templates, 'wrong.html'), 'one\n{% block %}')
    expect(made({})).toThrow(/wrong\.html:2/)
  })
})

describe('on Workers', () => {
  test.each([
    ['a folder', { templates: 'templates' }, /npx swapstream bundle templates/],
    [
      'a template of its own that uses those of swapstream',
      { templates: { 'x.html': '{% include "swapstream/head.html" %}' } },
      /"x\.html" uses templates of swapstream.*npx swapstream bundle/,
    ],
  ])('%s is refused at the start, with the command to run', (_, options, said) => {
    expect(() => onWorkers(options)).toThrow(said)
  })

  test('the text of a template is refused when it is rendered, with the command to run', async () => {
    const app = new Hono()
    const log = recordingLog()
    app.use(onWorkers({ templates: { 'x.html': 'hello' }, log }))
    app.get('/', () => new Page('x.html'))
    expect((await app.request('/')).status).toBe(500)
    expect(JSON.stringify(log.lines)).toContain('npx swapstream bundle')
  })

  test('an option that a bundle cannot have is refused', async () => {
    const templates = await bundled({ 'x.html': '{{ x }}' })
    expect(() => onWorkers({ templates, throwOnUndefined: true })).toThrow(/throwOnUndefined/)
  })
})
