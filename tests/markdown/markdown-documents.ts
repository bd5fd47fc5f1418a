import fc from 'fast-check'

/** All prefixes that a text is cut into. */
export function prefixes(text: string, sizes: readonly number[]): string[] {
  const cut: string[] = []
  for (let at = 0, n = 0; at < text.length; n++) {
    at += sizes[n % sizes.length]!
    cut.push(text.slice(0, at))
  }
  return cut
}

const word = fc.constantFrom(
  'one',
  'two *em*',
  '**bold**',
  '`code`',
  '[a]',
  '[a][b]',
  '[1][2]',
  'x[1]',
  '[x](http://h.io/y)',
  '![p](/q)',
  '\\*',
  '&amp;',
  'snake_case',
  '~~s~~',
  '3 < 4',
  '<b>',
  '😀',
  '**open',
  '`open',
  '[b]',
  'a:b',
  '2.',
  '- x',
  '|',
  '\\(a_1\\)',
  '$$b*c$$',
  '\\[',
  '$$',
  '中**（文）**字',
)
const line = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '))
const lines = fc.array(line, { minLength: 1, maxLength: 4 })

const { block } = fc.letrec<{ block: string[]; flat: string[]; list: string[]; quote: string[] }>(
  (tie) => ({
    flat: fc.oneof(
      lines,
      line.map((text) => [`## ${text}`]),
      line.map((text) => [text, '===']),
      fc.constantFrom<string[]>(['---'], ['***'], ['- - -'], ['___']),
      fc
        .tuple(fc.constantFrom('```', '~~~', '````', '```js', '   ```'), lines, fc.boolean())
        .map(([fence, body, closed]) => [
          fence,
          ...body,
          '',
          '# no',
          ...(closed ? [fence.trim().replace('js', '')] : []),
        ]),
      lines.map((body) => body.map((each) => `    ${each}`)),
      fc
        .array(fc.tuple(line, line), { maxLength: 3 })
        .map((rows) => ['| a | b |', '|:-|-:|', ...rows.map(([a, b]) => `| ${a} | ${b} |`)]),
      fc.constantFrom<string[]>(
        ['[a]: /a'],
        ['[1]: #one "t"', '[2]: #two'],
        ['[a]: /a', '[b]: /b "t"'],
        ['[b]:', '  /late'],
        ['[a]: /x', '"title', 'goes on"'],
        ['[a]: /x', "'no title"],
        ['[A]: /second', 'text'],
      ),
      fc.constantFrom<string[]>(
        ['\\[', '- a', '=', 'b', '\\]'],
        ['$$ a', '# b', '  $$ is', 'more'],
        ['$$', '> a', '| b |', '|-|'],
        ['so \\(', 'a', '\\)'],
      ),
      fc.constantFrom<string[]>(
        [''],
        ['', ''],
        ['\t'],
        ['1. '],
        ['2.'],
        ['-'],
        ['>'],
        ['=='],
        ['#'],
      ),
    ),
    list: fc
      .tuple(
        fc.constantFrom('- ', '* ', '1. ', '10) ', '-   ', '+ [ ] '),
        fc.array(tie('block'), { minLength: 1, maxLength: 3 }),
      )
      .map(([marker, items]) =>
        items.flatMap((item) =>
          item.map((each, at) => (at === 0 ? marker : ' '.repeat(marker.length)) + each),
        ),
      ),
    quote: fc
      .tuple(tie('block'), fc.boolean())
      .map(([inner, lazy]) => inner.map((each, at) => (lazy && at > 0 ? each : `> ${each}`))),
    block: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('flat'),
      tie('list'),
      tie('quote'),
    ),
  }),
)
/** Markdown of every kind, and what nearly is.
 *
 * @param definitions Whether links may get their addresses further below.
 */
export const markdownDocument = (definitions: boolean): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.tuple(block, fc.nat(2)), { minLength: 1, maxLength: 7 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
    )
    .map(([blocks, newline, ends]) => {
      const all = blocks.flatMap(([body, blanks]) => [...body, ...Array<string>(blanks).fill('')])
      return (
        all.filter((each) => definitions || !/\]:/.test(each)).join(newline) + (ends ? newline : '')
      )
    })
/** The sizes of the pieces that a text comes in, again and again. */
export const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
