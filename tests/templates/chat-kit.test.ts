import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { nunjucksEngine, safeHtml } from 'swapstream'
import type { Context } from '../../src/templates/engine.ts'

const HOSTILE = `"><img src=x onerror=alert(1)>'</textarea><hx-partial>{{ 1 }}`

/** Draws a line of a template that has the kit at hand. */
async function draw(line: string, context: Context = {}): Promise<string> {
  const page = `{% import "swapstream/chat.html" as chat %}${line}`
  return nunjucksEngine({ templates: { 'page.html': page } }).render('page.html', context)
}

const EVERY_MACRO: readonly [name: string, line: string][] = [
  ['conversation', '{% call chat.conversation(x) %}{{ x }}{% endcall %}'],
  ['status', '{{ chat.status(true, false, x) }}'],
  ['message', '{{ chat.message(x, name=x) }}'],
  ['turn', '{{ chat.turn(x, x, x, true, words=words) }}{{ chat.turn(x, x, x, stop=x) }}'],
  [
    'actions',
    '{{ chat.actions(true, false, x, words=words) }}{{ chat.actions(false, true, retry=x, composer=x, words=words) }}',
  ],
  ['copy', '{{ chat.copy(x, x) }}'],
  ['sources', '{{ chat.sources([{ title: x, url: x, snippet: x }, { title: x }], x, x) }}'],
  ['part', '{% call chat.part(x, x) %}{{ x }}{% endcall %}'],
  ['suggestions', '{{ chat.suggestions([x], x, x, x) }}'],
  ['composer', '{{ chat.composer(x, x, x, x, x, x, x, x) }}'],
]

describe('the chat kit', () => {
  test('is tried here with each of its macros', () => {
    const text = readFileSync('templates/swapstream/chat.html', 'utf8')
    const macros = [...text.matchAll(/{% macro (\w+)/g)].map(([, name]) => name)
    expect(EVERY_MACRO.map(([name]) => name).toSorted()).toEqual(macros.toSorted())
  })

  test.each(EVERY_MACRO)('takes hostile text for text: %s', async (_name, line) => {
    const x = HOSTILE
    const words = { stop: x, cut: x, retry: x, copy: x, copied: x, you: x }
    const html = await draw(line, { x, words })
    expect(html).toContain('&lt;hx-partial&gt;')
    expect(html).not.toMatch(/<img|<hx-|<\/textarea>(?!\s*<button)/)
    // What is opened is closed, and nothing else.
    const count = (tags: RegExp): number => html.match(tags)?.length ?? 0
    expect(count(/<(?!path)[a-z]/g)).toBe(count(/<\/[a-z]/g))
  })

  test.each(['javascript:alert(1)', 'data:text/html,x'])(
    'leads nowhere by an address that runs: %s',
    async (url) => {
      const html = await draw(
        '{{ chat.sources([{ title: "t", url: x }], 1) }}{{ chat.composer(x) }}{{ chat.actions(true, false, x) }}',
        { x: url },
      )
      expect(html).not.toContain(url)
    },
  )

  test('gives each answer of a page its own ids', async () => {
    const list = [{ title: 'One' }, { title: 'Two' }]
    const line =
      '{% for id in [1, 2] %}{{ chat.turn(id, "Hi", "") }}{{ chat.sources(list, id) }}{% endfor %}'
    const html = await draw(line, { list })
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(ids).toEqual(['turn-1', 'src-1-1', 'src-1-2', 'turn-2', 'src-2-1', 'src-2-2'])
  })

  test('draws a stored turn as the block of a page draws it while it is written', async () => {
    const block =
      '<article class="turn" id="turn-{{ id }}">{{ chat.message(prompt) }}<div class="answer" aria-busy="{{ streaming }}"><div class="prose">{{ text | markdown }}</div>{{ chat.actions(streaming, failed, run, id) }}</div></article>'
    const kept = '{{ chat.turn(id, prompt, text | markdown, failed, run if streaming else "") }}'
    for (const [streaming, failed] of [
      [true, false],
      [false, false],
      [false, true],
    ]) {
      const context = { id: 7, prompt: 'Why?', text: '**So**', run: '/runs/a', streaming, failed }
      const bare = (html: string): string => html.replace(/>\s+</g, '><')
      expect(bare(await draw(kept, context))).toBe(bare(await draw(block, context)))
    }
  })

  test('has no turn in a page without one', async () => {
    const templates = new URL('../../examples/chat/templates', import.meta.url)
    const engine = nunjucksEngine({ templates })
    const page = await engine.render('chat.html', { turns: [] })
    expect(page).not.toContain('class="turn"')
  })

  test('speaks other languages', async () => {
    const words = {
      stop: 'Halt',
      cut: 'Gekürzt.',
      retry: 'Nochmal',
      copy: 'Kopieren',
      copied: 'Kopiert',
    }
    const html = await draw(
      '{{ chat.actions(true, false, "/r", words=words) }}{{ chat.turn(1, "?", "", true, words=words) }}',
      { words },
    )
    for (const word of Object.values(words)) expect(html).toContain(word)
    expect(html).not.toMatch(/Stop|Retry|Cop[yi]e?d?\b|complete/)
  })

  test('says nothing of an answer that was cut, because its notice does', async () => {
    const said = (streaming?: boolean, failed?: boolean): Promise<string> =>
      draw('{{ chat.status(streaming, failed) }}', { streaming, failed })
    expect(await said()).toBe('')
    expect(await said(true, false)).toBe('The answer is being written.')
    expect(await said(false, false)).toBe('The answer is complete.')
    expect(await said(false, true)).toBe('')
  })

  test('marks what Markdown drew as finished, and nothing else', async () => {
    const html = await draw('{{ chat.turn(1, "<b>", answer) }}', { answer: safeHtml('<b>x</b>') })
    expect(html).toContain('<div class="prose"><b>x</b></div>')
    expect(html).toContain('<p>&lt;b&gt;</p>')
  })
})

test('the script of the kit is smaller than 1.5 KB, compressed', () => {
  expect(gzipSync(readFileSync('public/swapstream.js'), { level: 9 }).length).toBeLessThan(1536)
})
