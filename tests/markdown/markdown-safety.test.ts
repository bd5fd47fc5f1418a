import hljs from 'highlight.js'
import { describe, expect, test } from 'vitest'
import { ConfigError } from 'swapstream'
import { type Highlighter, markdown } from 'swapstream/markdown'
import { ATTACKS, CUTS } from './markdown-attacks.ts'
import { faultsIn } from './markdown-safety.ts'

const IMAGES = ['https://images.example', 'self']
const plain = markdown()
const rich = markdown({ highlight: hljs, images: IMAGES, breaks: true, math: 'class' })
const ORIGINS = ['https://images.example', 'https://self.invalid']

describe('whatever a model writes', () => {
  for (const [cut, pieces] of Object.entries(CUTS)) {
    test(`comes out as nothing but what can be read, cut ${cut}`, () => {
      for (const attack of ATTACKS) {
        // Alone, and at places where a text of its kind may do more.
        for (const text of [attack, `a ${attack}\n\nb`, `- ${attack}`, `> ${attack}`]) {
          for (const [md, images] of [
            [plain, []],
            [rich, ORIGINS],
          ] as const) {
            const toHtml = md.open()
            let so = ''
            for (const piece of pieces(text)) {
              so += piece
              expect(faultsIn(toHtml(so), images), so).toEqual([])
            }
            expect(faultsIn(md.render(text), images), text).toEqual([])
          }
        }
      }
    })
  }

  test('is attacked in more than sixty ways, and the check knows each of them when it sees it', () => {
    expect(new Set(ATTACKS).size).toBe(ATTACKS.length)
    expect(ATTACKS.length).toBeGreaterThan(60)
    const raw = ATTACKS.filter((text) => text.startsWith('<') && !text.startsWith('<http'))
    expect(raw.filter((html) => faultsIn(html).length === 0)).toEqual([])
  })
})

describe('a link', () => {
  const REL = 'rel="noopener noreferrer nofollow ugc"'

  test.each([
    ['https', '[a](https://x.io/y)', `<a href="https://x.io/y" ${REL}>a</a>`],
    ['http', '<http://x.io>', `<a href="http://x.io" ${REL}>http://x.io</a>`],
    ['mailto', '<a@x.io>', `<a href="mailto:a@x.io" ${REL}>a@x.io</a>`],
    ['this site', '[a](/b?c=d:e#f "t")', `<a href="/b?c=d:e#f" title="t" ${REL}>a</a>`],
    ['a place of the page', '[a](#b)', `<a href="#b" ${REL}>a</a>`],
  ])('may lead to %s', (_, text, link) => {
    expect(plain.render(text)).toBe(`<p>${link}</p>\n`)
  })

  test.each(['javascript:x', 'data:text/html,x', 'vbscript:x', 'file:///x', 'streamdown:x', 'x:y'])(
    'to %s stays text',
    (href) => {
      expect(plain.render(`[a](${href})`)).toBe(`<p>[a](${href})</p>\n`)
      expect(plain.render(`[a][b]\n\n[b]: ${href}`)).not.toContain('<a')
    },
  )

  test.each([
    ['whose text names another host', '[https://bank.com/login](https://evil.com/x)', 'evil.com'],
    [
      'whose text names a host without a scheme',
      '[Go to www.bank.de](http://evil.com)',
      'evil.com',
    ],
    ['whose text is a domain', '[bank.com](//evil.com)', 'evil.com'],
    [
      'whose text holds the host as a path',
      '[https://bank.com/evil.com](https://evil.com)',
      'evil.com',
    ],
    ['whose address begins with a user', '<https://bank.com@evil.com/>', 'evil.com'],
    ['whose text is turned around', '[\u202emoc.knab](https://evil.com)', 'evil.com'],
    ['whose text hides characters', '[ba\u200bnk](https://evil.com)', 'evil.com'],
    ['whose host only looks like another', '<https://p\u0430ypal.com>', 'xn--pypal-4ve.com'],
    ['of an image', '![https://bank.com](https://evil.com/x)', 'evil.com'],
    ['whose text is a host of a country', '[sparkasse.de](https://evil.com)', 'evil.com'],
    ['whose text is a host of two levels', '[amazon.co.uk](https://evil.com)', 'evil.com'],
    ['whose text is a host of a newer kind', '[Ihre bank.online](https://evil.com)', 'evil.com'],
    ['whose text is a host of another script', '[推荐.中国](https://evil.com)', 'evil.com'],
    ['whose text is an address of numbers', '[192.168.0.1](https://evil.com)', 'evil.com'],
    ['whose text is an address of version 6', '[[::1]](https://evil.com)', 'evil.com'],
    ['whose text is a port of this machine', '[localhost:3000](https://evil.com)', 'evil.com'],
    ['whose address has no slashes', '[bank.com](https:evil.com/x)', 'evil.com'],
    ['whose address has one slash', '[bank.com](http:/evil.com)', 'evil.com'],
    ['whose address has many slashes', '[bank.com](https:////evil.com)', 'evil.com'],
    ['whose address has many slashes and no scheme', '[bank.com](///evil.com)', 'evil.com'],
    ['whose text has a wide dot', '[github．com](https://evil.com)', 'evil.com'],
    ['whose text has wide letters', '[ｇｉｔｈｕｂ.com](https://evil.com)', 'evil.com'],
    ['whose text has the dot of a sentence', '[github。com](https://evil.com)', 'evil.com'],
    ['whose text names a file first', '[foo.js from bank.de](https://evil.com)', 'evil.com'],
    ['whose text is an address of mail', '[help@bank.de](https://evil.com)', 'evil.com'],
    ['that writes to another host', '[help@bank.de](mailto:help@evil.com)', 'evil.com'],
  ])('%s shows its host', (_, text, host) => {
    expect(plain.render(text)).toContain(`</a> <bdi>(${host})</bdi>`)
  })

  test.each([
    '[Node.js](https://nodejs.org)',
    '[https://x.io/a](https://x.io/b)',
    '[www.x.com](https://x.com)',
    '<https://x.io/a?b=//c.com>',
    '[bank.com](/bank)',
    '[the docs](https://x.io)',
    '[example.com.](https://example.com:8080/)',
    '[package.json](https://x.io)',
    '[fs.readFile](https://x.io)',
    '[console.log()](https://x.io)',
    '[e.g. version 1.2.3](https://x.io)',
    '[你好。世界](https://x.io)',
    '[me@x.io](mailto:me@x.io)',
  ])('that says where it leads, %s, is left as it is', (text) => {
    expect(plain.render(text)).not.toContain('bdi')
  })
})

describe('an image', () => {
  test('is a link by default, and in a link its text', () => {
    expect(plain.render('![cat](https://x.io/c.png)')).toContain('>cat</a>')
    expect(plain.render('![](https://x.io/c.png)')).toContain('>https://x.io/c.png</a>')
    expect(plain.render('[see ![cat](/c.png)](/there)')).toContain('>see cat</a>')
  })

  test('is loaded from the origins that were named, and says nothing of the page there', () => {
    const image =
      '<img src="https://images.example/c.png" alt="a &lt;b&gt;" title="t" loading="lazy" referrerpolicy="no-referrer">'
    expect(rich.render('![a <b>](https://images.example/c.png "t")')).toBe(`<p>${image}</p>\n`)
    expect(rich.render('![a](/c.png)')).toContain('<img src="/c.png"')
    for (const src of [
      'https://images.example.evil.com/c.png',
      'https://images.example@evil.com/c.png',
      'http://images.example/c.png',
      '//evil.com/c.png',
    ])
      expect(rich.render(`![a](${src})`), src).not.toContain('<img')
  })

  test.each(['images.example', 'https://images.example/path', 'javascript:x', '*', ''])(
    'cannot be allowed from "%s"',
    (origin) => {
      expect(() => markdown({ images: [origin] })).toThrow(ConfigError)
    },
  )
})

describe('code', () => {
  const block = (code: string, language = 'js'): string => `\`\`\`${language}\n${code}\n\`\`\`\n`

  test('is coloured with classes, and plain in unknown languages', () => {
    expect(rich.render(block('let a = "<b>"'))).toBe(
      '<pre><code class="hljs language-js"><span class="hljs-keyword">let</span> a = ' +
        '<span class="hljs-string">&quot;&lt;b&gt;&quot;</span>\n</code></pre>\n',
    )
    expect(rich.render(block('let a', 'klingon'))).toBe(
      '<pre><code class="language-klingon">let a\n</code></pre>\n',
    )
    expect(rich.render(block('let a', ''))).toBe('<pre><code>let a\n</code></pre>\n')
    expect(plain.render(block('let a'))).toBe(
      '<pre><code class="language-js">let a\n</code></pre>\n',
    )
  })

  test('waits for its colours until its fence is closed', () => {
    const toHtml = rich.open()
    const plainly = '<pre><code class="language-js">let a</code></pre>\n'
    expect(toHtml('```js\nlet a\n')).toBe(plainly)
    expect(toHtml('```js\nlet a\n``')).toBe(plainly)
    expect(toHtml('```js\nlet a\n```\n')).toContain('class="hljs-keyword"')
  })

  test('is coloured once, however often the text is drawn', () => {
    let calls = 0
    const highlight: Highlighter = {
      getLanguage: () => true,
      highlight: (code) => ({ value: (calls++, code.toUpperCase()) }),
    }
    const md = markdown({ highlight })
    const text = `${block('a')}\n${block('b')}\nend`
    const toHtml = md.open()
    for (let at = 1; at <= text.length; at++) toHtml(text.slice(0, at))
    expect(md.render(text)).toContain('>A\n</code>')
    expect(calls).toBe(2)
  })

  test.each([
    ['long', 'let a = 1\n'.repeat(600)],
    ['wide', `let a = ${'1 + '.repeat(60)}1`],
    ['of words only', 'some words\n'.repeat(40)],
  ])('that is too %s for a highlighter stays plain', (_, code) => {
    expect(rich.render(block(code))).not.toContain('hljs')
  })

  test('has colours up to a size of the whole text', () => {
    const text = block('let a = 1;\n'.repeat(300)).repeat(10)
    expect(rich.render(text).match(/class="hljs /g)).toHaveLength(6)
    expect(rich.render(text).match(/<pre>/g)).toHaveLength(10)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['writes other markup', () => ({ value: '<b>bold</b>' })],
    ['writes attributes', () => ({ value: '<span class="a" id="b">x</span>' })],
    ['does not close', () => ({ value: '<span class="a">x' })],
    ['closes too much', () => ({ value: '</span></code><span class="a">' })],
  ])('stays plain when the highlighter %s', (_, highlight) => {
    const md = markdown({ highlight: { getLanguage: () => true, highlight } })
    expect(md.render(block('a < b'))).toBe(
      '<pre><code class="language-js">a &lt; b\n</code></pre>\n',
    )
  })
})
