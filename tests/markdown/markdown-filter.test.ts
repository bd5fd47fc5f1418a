import { describe, expect, test } from 'vitest'
import { nunjucksEngine } from 'swapstream'
import { markdown, type Markdown } from 'swapstream/markdown'
import { engineOf } from '../templates/engine-of.ts'

const TEXT = '# One\n\ntwo **three\nfour** [five](/six)\n\n- seven\n- *eight*\n'

/** Markdown that counts what it is asked for. */
function counted(): Markdown & { renders: number; opened: number } {
  const md = markdown()
  return {
    renders: 0,
    opened: 0,
    render(text) {
      this.renders += 1
      return md.render(text)
    },
    open() {
      this.opened += 1
      return md.open()
    },
  }
}

describe('the filter markdown', () => {
  const block = '{% block b %}<div>{{ text | markdown }}</div>{% endblock %}'

  test('is there without any setting, in the engine of the main entry point', async () => {
    const engine = nunjucksEngine({ templates: { 'a.html': block } })
    expect(await engine.render('a.html', { text: '**a** <b>' })).toBe(
      '<div><p><strong>a</strong> &lt;b&gt;</p>\n</div>',
    )
  })

  test('takes its options, or a Markdown that was made', async () => {
    const context = { text: 'a\nb' }
    for (const breaks of [{ breaks: true }, markdown({ breaks: true })]) {
      const engine = nunjucksEngine({ templates: { 'a.html': block }, markdown: breaks })
      expect(await engine.render('a.html', context)).toBe('<div><p>a<br>\nb</p>\n</div>')
    }
  })

  test('gives way to a filter of the app', async () => {
    const filters = { markdown: (text: string) => text.toUpperCase() }
    const engine = nunjucksEngine({ templates: { 'a.html': block }, filters })
    expect(await engine.render('a.html', { text: 'a<' })).toBe('<div>A&lt;</div>')
  })

  test('draws what is missing as nothing, and what is no text as text', async () => {
    const engine = engineOf({ 'a.html': block }, { markdown: markdown() })
    expect(await engine.render('a.html')).toBe('<div></div>')
    expect(await engine.render('a.html', { text: null })).toBe('<div></div>')
    expect(await engine.render('a.html', { text: 7 })).toBe('<div><p>7</p>\n</div>')
  })

  test('repairs an open text while `streaming` is true, and leaves a whole one as it is', async () => {
    const engine = engineOf({ 'a.html': block }, { markdown: markdown() })
    const renderer = await engine.open('a.html', 'b', { streaming: true })
    expect(renderer.render({ text: 'a **b' })).toBe('<div><p>a <strong>b</strong></p>\n</div>')
    expect(renderer.render({ text: 'a **b', streaming: false })).toBe('<div><p>a **b</p>\n</div>')
    expect(renderer.render({ text: 'a **b', streaming: 'true' })).toBe('<div><p>a **b</p>\n</div>')
    expect(await engine.render('a.html', { text: 'a **b', streaming: true })).toContain('<strong>')
  })

  test('follows a text that grows from draw to draw, two of them in one block, too', async () => {
    const md = counted()
    const two = '{% block b %}{{ text | markdown }}|{{ other | markdown }}{% endblock %}'
    const renderer = await engineOf({ 'a.html': two }, { markdown: md }).open('a.html', 'b', {
      streaming: true,
    })
    const fresh = markdown()
    for (let at = 1; at <= TEXT.length; at++) {
      const [text, other] = [TEXT.slice(0, at), `> ${TEXT.slice(0, at)}`]
      const wanted = [text, other].map((each) => fresh.open()(each))
      expect(renderer.render({ text, other })).toBe(wanted.join('|'))
    }
    expect(md.opened).toBe(2)
    expect(md.renders).toBe(0)
    const whole = renderer.render({ text: TEXT, other: TEXT, streaming: false })
    expect(whole).toBe(`${fresh.render(TEXT)}|${fresh.render(TEXT)}`)
    expect(md.renders).toBe(2)
  })

  test('begins anew with a text that is another one, and with a renderer that is', async () => {
    const md = counted()
    const engine = engineOf({ 'a.html': block }, { markdown: md })
    const renderer = await engine.open('a.html', 'b', { streaming: true })
    renderer.render({ text: 'one' })
    renderer.render({ text: 'two' })
    expect(renderer.render({ text: 'one more' })).toBe('<div><p>one more</p>\n</div>')
    expect(md.opened).toBe(2)
    const other = await engine.open('a.html', 'b', { streaming: true })
    expect(other.render({ text: 'one more' })).toBe('<div><p>one more</p>\n</div>')
    expect(md.opened).toBe(3)
  })

  test('follows a text through a macro', async () => {
    const md = counted()
    const templates = {
      'a.html':
        '{% macro say(text) %}<i>{{ text | markdown }}</i>{% endmacro %}{% block b %}{{ say(text) }}{% endblock %}',
    }
    const renderer = await engineOf(templates, { markdown: md }).open('a.html', 'b', {
      streaming: true,
    })
    renderer.render({ text: 'a' })
    expect(renderer.render({ text: 'ab' })).toBe('<i><p>ab</p>\n</i>')
    expect(md.opened).toBe(1)
  })

  test('is distinguished from its neighbours when it is misspelt', async () => {
    const engine = nunjucksEngine({
      templates: { 'a.html': '{% block b %}{{ a | markdwon }}{% endblock %}' },
    })
    const renderer = await engine.open('a.html', 'b')
    expect(() => renderer.render()).toThrow('Did you mean "markdown"?')
  })
})
