import hljs from 'highlight.js/lib/common'
import { describe, expect, test } from 'vitest'
import { markdown } from 'swapstream/markdown'

const SIZE = 50_000
const filled = (unit: string, size = SIZE): string =>
  unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
const table = (columns: number, rows: number, newline = '\n'): string =>
  ['|a'.repeat(columns), '|-'.repeat(columns), ...Array<string>(rows).fill('x')].join(newline)

/** Texts that a parser of Markdown may need long for: marks that open and never close, deep nests, tables that fill up. */
const BOMBS: readonly (readonly [name: string, text: string])[] = [
  ...['[', '![', '*', '_', '~', '`', '>', '> ', '|', '#', '&', '\\', '<', '!', '-', '=', '\n'].map(
    (mark) => [JSON.stringify(mark), filled(mark)] as const,
  ),
  ...[
    'a*',
    '*a ',
    '*a _',
    '**a',
    'a_',
    '~~a ',
    '中*',
    '[a](',
    '[a]',
    '[a][',
    '<a@b ',
    '<http://a.b> ',
  ].map((mark) => [JSON.stringify(mark), filled(mark)] as const),
  ...[
    '- a\n',
    '1. a\n',
    '* *\n',
    '# a\n\n',
    '[a\n\n',
    'a\n-\n',
    '>\n\n',
    '- [x] a\n',
    '[a]: b\n',
    '    a\n\n',
  ].map((lines) => [JSON.stringify(lines), filled(lines)] as const),
  ...[
    '\\(',
    '\\[',
    '$$',
    '\\(a',
    '\\(\\)',
    '\\[\n',
    '$$a\n',
    '$$\na\n',
    '\\[a\n- \\]\n',
    '中**（',
    '`a ``',
  ].map((marks) => [JSON.stringify(marks), filled(marks)] as const),
  ['[ and ]', filled('[', SIZE / 2) + filled(']', SIZE / 2)],
  ['* and *', `${filled('*', SIZE / 2)}a${filled('*', SIZE / 2)}`],
  ['images in links', filled('[![a](b)](c) ')],
  ['images in images', '!['.repeat(6000) + '](a)'.repeat(6000)],
  ['links', filled('[a](http://b.c) ')],
  ['links that name a host', filled('[www.a.com](http://b.c) ')],
  ['a link that names many hosts', `[${filled('a.')}](http://b)`],
  ['a long host', `[a](http://${filled('ä.')})`],
  ['runs of backticks', Array.from({ length: 310 }, (_, n) => '`'.repeat(n)).join(' ')],
  ['nested lists', Array.from({ length: 310 }, (_, n) => `${' '.repeat(n)}- a\n`).join('')],
  ['nested quotes with lazy lines', `${'>'.repeat(20)}a\n${filled('b\n')}`],
  ['quotes with a fence', `${'> '.repeat(10)}\`\`\`\n${filled('a\n')}`],
  ['a wide table', `${filled('|a', 15_000)}\n${filled('|-', 15_000)}\n${filled('|x\n', 3_000)}`],
  ['tables of short rows', filled(`${table(30, 500)}\n\n`)],
  ['tables of short rows, with CRLF', filled(`${table(30, 500, '\r\n')}\r\n\r\n`)],
  ['a table of many rows', `|a|b|\n|-|-|\n${filled('|x|y|\n')}`],
  ['definitions', Array.from({ length: 2500 }, (_, n) => `[a${n}]: b\n\np [a${n}]\n\n`).join('')],
  ['a label without an end', `[${filled('a\n')}`],
  ['an open fence', `\`\`\`js\n${filled('a(')}`],
]
const CODE = ['a ', '(', '"', '<a ', '${', 'int a', '|', 'a\n'].map((unit) => filled(unit, 4_900))

/** The processor's time so far, in ms: what else the machine does is none of ours. */
function spent(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The least that something takes, by the clock or by the processor. */
function least(run: () => unknown): number {
  let best = Infinity
  for (let tries = 0; tries < 5 && best > 25; tries++) best = Math.min(best, taken(run))
  return best
}

function taken(run: () => unknown): number {
  const [start, before] = [performance.now(), spent()]
  run()
  return Math.min(performance.now() - start, spent() - before)
}

const md = markdown()

describe('a text that was made to be slow', () => {
  test.each(BOMBS)('takes little time: %s', (_name, text) => {
    expect(text.length).toBeLessThan(100_000)
    expect(
      least(() => md.render(text)),
      'as a whole',
    ).toBeLessThan(50)
    expect(
      least(() => md.open()(text)),
      'growing',
    ).toBeLessThan(50)
  })

  test.each(BOMBS)('takes little time while it grows, either: %s', (_name, text) => {
    // The least time of each step, over a few runs when one was slow.
    const steps = 20
    const best = Array<number>(steps + 1).fill(Infinity)
    for (let tries = 0; tries < 5 && Math.max(...best) > 25; tries++) {
      const toHtml = md.open()
      for (let step = 1; step <= steps; step++) {
        const so = text.slice(0, Math.ceil((text.length * step) / steps))
        best[step] = Math.min(
          best[step]!,
          taken(() => toHtml(so)),
        )
      }
      best[0] = Math.min(
        best[0]!,
        taken(() => md.render(text)),
      )
    }
    expect(Math.max(...best)).toBeLessThan(50)
  })

  test('comes out as plain text from where it would take too long, whole and growing', () => {
    const text = `# A\n\n${filled('a*')}\n\n**b**`
    const html = md.render(text)
    expect(html.startsWith('<h1>A</h1>\n<pre>a*a*')).toBe(true)
    expect(html.endsWith('**b**</pre>\n')).toBe(true)
    const toHtml = md.open()
    for (const share of [0.1, 0.3, 0.7]) toHtml(text.slice(0, text.length * share))
    expect(toHtml(text)).toBe(html)
  })

  test('may be as long as a book when it is one', () => {
    const text = 'It was the best of times, it was the worst of times.\n'.repeat(20) + '\n'
    expect(md.render(text.repeat(50))).not.toContain('<pre>')
    expect(least(() => md.render(text.repeat(50)))).toBeLessThan(50)
  })

  test.each([
    'csharp',
    'java',
    'typescript',
    'ini',
    'graphql',
    'shell',
    'c',
    'ruby',
    'xml',
    'bash',
  ])('takes little time in %s, either', (language) => {
    for (const code of CODE) {
      for (const text of [code, code.replace(/(.{150})/g, '$1\n')]) {
        // A new one each time: what was coloured before is remembered.
        const draw = () =>
          markdown({ highlight: hljs }).render(`\`\`\`${language}\n${text}\n\`\`\``)
        expect(least(draw), JSON.stringify(text.slice(0, 9))).toBeLessThan(50)
      }
    }
  })
})
