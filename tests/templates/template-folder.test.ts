import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nunjucksEngine } from '../../src/node/swapstream.ts'
import { templateFolder } from '../../src/node/template-folder.ts'
import { ConfigError } from '../../src/shared/errors.ts'
import { fromRecord, stackSources } from '../../src/templates/source.ts'

let home = ''
let dir = ''

function write(name: string, text: string): void {
  const path = join(home, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'swapstream-'))
  dir = join(home, 'views')
  write('views/a.html', '{% block b %}one {{ text }}{% endblock %}')
  write('views/parts/row.html', 'row')
  write('views/.env', 'SECRET')
  write('views-secret/s.html', 'SECRET')
  write('secret.html', 'SECRET')
  symlinkSync(join(home, 'secret.html'), join(dir, 'link.html'))
  symlinkSync(join(home, 'views-secret'), join(dir, 'linked'))
  symlinkSync(join(dir, 'a.html'), join(dir, 'inside.html'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe('a template folder', () => {
  test.each(['a.html', 'parts/row.html', 'inside.html'])('reads %s', (name) => {
    expect(templateFolder(dir).read(name)?.text).toBeTypeOf('string')
  })

  test.each([
    '../secret.html',
    '../views-secret/s.html',
    'parts/../../secret.html',
    'parts/../a.html',
    './a.html',
    'parts//row.html',
    '/etc/passwd',
    'C:/a.html',
    '..\\secret.html',
    'parts\\row.html',
    'a.html\0',
    'a.html/',
    'parts',
    '',
    '.',
    '..',
    '.env',
    'link.html',
    'linked/s.html',
    'constructor',
  ])('has nothing under %j', (name) => {
    expect(templateFolder(dir).read(name)).toBeUndefined()
  })

  test('does not reach out of itself by an absolute name either', () => {
    expect(templateFolder(dir).read(join(home, 'secret.html'))).toBeUndefined()
    expect(templateFolder(dir).read(join(dir, 'a.html'))).toBeUndefined()
  })

  test('names what it has', () => {
    expect([...templateFolder(dir).names()].toSorted()).toEqual([
      'a.html',
      'inside.html',
      'parts/row.html',
    ])
  })

  test('that is missing, or a file, is a wrong setting', () => {
    expect(() => templateFolder(join(home, 'viws'))).toThrow(ConfigError)
    expect(() => templateFolder(join(home, 'viws'))).toThrow(/viws" does not exist/)
    expect(() => templateFolder(join(dir, 'a.html'))).toThrow(/is a file/)
  })

  test('keeps a template inside it from including what is outside', async () => {
    write(
      'views/evil.html',
      '{% block b %}{% include "../secret.html" ignore missing %}{% include name ignore missing %}{% endblock %}',
    )
    const engine = nunjucksEngine({ templates: dir })
    for (const name of ['../views-secret/s.html', join(home, 'secret.html'), 'link.html']) {
      expect((await engine.open('evil.html', 'b', { name })).render()).toBe('')
    }
  })
})

test('sources stack: the first that knows a name answers, each under its prefix', () => {
  const source = stackSources([
    { prefix: 'swapstream/', source: fromRecord({ 'form.html': 'ours', 'x.html': 'X' }) },
    { source: fromRecord({ 'form.html': 'theirs', 'swapstream/form.html': 'hidden' }) },
  ])
  const names = ['form.html', 'swapstream/form.html', 'x.html', 'swapstream/x.html', 'constructor']
  expect(names.map((name) => source.read(name)?.text)).toEqual([
    'theirs',
    'ours',
    undefined,
    'X',
    undefined,
  ])
  expect([...source.names()].toSorted()).toEqual([
    'form.html',
    'swapstream/form.html',
    'swapstream/x.html',
  ])
})

describe('with watch', () => {
  test('an edited template, parent or import is used by the next open; an open renderer keeps its version', async () => {
    write('views/base.html', '<1>{% block b %}{% endblock %}')
    write('views/m.html', '{% macro f() %}m1{% endmacro %}')
    write('views/i.html', 'i1')
    write(
      'views/c.html',
      '{% extends "base.html" %}{% import "m.html" as m %}{% block b %}{{ super() }}c1 {{ m.f() }} {% include "i.html" %}{% endblock %}',
    )
    const engine = nunjucksEngine({ templates: dir, watch: true })
    try {
      const old = await engine.open('c.html', 'b')
      expect(old.render()).toBe('c1 m1 i1')
      write('views/m.html', '{% macro f() %}m2{% endmacro %}')
      write('views/base.html', '<2>{% block b %}b2 {% endblock %}')
      write('views/i.html', 'i2')
      await vi.waitFor(
        async () => expect((await engine.open('c.html', 'b')).render()).toBe('b2 c1 m2 i2'),
        30_000,
      )
      expect(old.render()).toBe('c1 m1 i1')
      expect(old.render({ text: 1 })).toBe('c1 m1 i1')
      write('views/c.html', '{% block b %}c3{% endblock %}')
      await vi.waitFor(
        async () => expect((await engine.open('c.html', 'b')).render()).toBe('c3'),
        30_000,
      )
      expect(old.render()).toBe('c1 m1 i1')
      expect(await engine.render('c.html')).toBe('c3')
    } finally {
      engine.close()
    }
  })

  test('a template that was broken is found mended', async () => {
    write('views/a.html', '{% block b %}{% if %}{% endblock %}')
    const engine = nunjucksEngine({ templates: dir, watch: true })
    try {
      await expect(engine.open('a.html', 'b')).rejects.toMatchObject({ code: 'template/invalid' })
      write('views/a.html', '{% block b %}fine{% endblock %}')
      await vi.waitFor(
        async () => expect((await engine.open('a.html', 'b')).render()).toBe('fine'),
        30_000,
      )
    } finally {
      engine.close()
    }
  })

  test('keeps no process alive', { timeout: 70_000 }, () => {
    const watching = `import { nunjucksEngine } from 'swapstream'
      const engine = nunjucksEngine({ templates: ${JSON.stringify(dir)}, watch: true })
      process.stdout.write((await engine.open('a.html', 'b')).render())`
    const program = [
      '--conditions=source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      watching,
    ]
    const said = execFileSync(process.execPath, program, { timeout: 60_000, encoding: 'utf8' })
    expect(said).toBe('one ')
  })

  test('close() ends it, and may be called again', async () => {
    const engine = nunjucksEngine({ templates: dir, watch: true })
    engine.close()
    engine.close()
    const before = await (await engine.open('a.html', 'b')).render()
    write('views/a.html', '{% block b %}two{% endblock %}')
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect((await engine.open('a.html', 'b')).render()).toBe(before)
  })
})

test('without watch a template stays as it was first read', async () => {
  const engine = nunjucksEngine({ templates: dir })
  expect((await engine.open('a.html', 'b')).render({ text: 1 })).toBe('one 1')
  write('views/a.html', '{% block b %}two{% endblock %}')
  expect((await engine.open('a.html', 'b')).render({ text: 1 })).toBe('one 1')
})
