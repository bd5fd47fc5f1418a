import fc from 'fast-check'
import { Tokenizer, TokenizerMode, type Token } from 'parse5'
import { describe, expect, test } from 'vitest'
import { HOLE, SEAM, tagsIn } from '../../src/html/tags.ts'

type Read = [name: string, attributes: [string, string][]]

const ours = (html: string): Read[] =>
  tagsIn(html)
    .filter(({ ends }) => !ends)
    .map(({ name, attributes }) => [
      name,
      attributes.map((attribute) => [attribute.name, attribute.value] as [string, string]),
    ])

const MODES: Readonly<Record<string, (typeof TokenizerMode)[keyof typeof TokenizerMode]>> = {
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  textarea: TokenizerMode.RCDATA,
  title: TokenizerMode.RCDATA,
}

/** The start tags as the standard's tokenizer reads them. It leaves out an attribute that is there twice. */
function standard(html: string): Read[] {
  const found: Read[] = []
  const ignore = (): void => {}
  const tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: false },
    {
      onStartTag({ tagName, attrs }: Token.TagToken) {
        found.push([tagName, attrs.map(({ name, value }) => [name, value] as [string, string])])
        tokenizer.lastStartTagName = tagName
        tokenizer.state = MODES[tagName] ?? tokenizer.state
      },
      onEndTag: ignore,
      onComment: ignore,
      onDoctype: ignore,
      onCharacter: ignore,
      onNullCharacter: ignore,
      onWhitespaceCharacter: ignore,
      onEof: ignore,
    },
  )
  tokenizer.write(html, true)
  return found
}
const once = (read: Read[]): Read[] =>
  read.map(([name, attributes]) => [
    name,
    attributes.filter(([own], at) => attributes.findIndex(([other]) => other === own) === at),
  ])

describe('the tags of a text', () => {
  test.each([
    [
      '<a title="1 > 0" b>',
      [
        [
          'a',
          [
            ['title', '1 > 0'],
            ['b', ''],
          ],
        ],
      ],
    ],
    [
      "<A HREF='x\"y' c=d/e />",
      [
        [
          'a',
          [
            ['href', 'x"y'],
            ['c', 'd/e'],
          ],
        ],
      ],
    ],
    [
      '<a\n  b =\n "c"d>',
      [
        [
          'a',
          [
            ['b', 'c'],
            ['d', ''],
          ],
        ],
      ],
    ],
    ['a < b <!-- <i> --><b></b></i> <!doctype html><?x?>', [['b', []]]],
    [
      '<script>if (a<b) "<i>"</script><u><textarea><i></textarea>',
      [
        ['script', []],
        ['u', []],
        ['textarea', []],
      ],
    ],
    [
      `<a b="x${HOLE}>y" ${SEAM}c=1${SEAM}d='2'${SEAM}>`,
      [
        [
          'a',
          [
            ['b', `x${HOLE}>y`],
            ['c', `1${SEAM}d='2'${SEAM}`],
          ],
        ],
      ],
    ],
    [
      `<${HOLE} id=a><p ${SEAM} x${SEAM}${SEAM} y${SEAM}>`,
      [
        [HOLE, [['id', 'a']]],
        [
          'p',
          [
            ['x', ''],
            ['y', ''],
          ],
        ],
      ],
    ],
    ['<a b="never ends', []],
    ['<', []],
  ])('%j', (html, read) => {
    expect(ours(html)).toEqual(read)
  })

  test('are those of the standard, whatever the text', () => {
    const piece = fc.constantFrom(
      ...'< > " \' = / a b <p </p <div <script </script> <title </title> <!-- --> -- ! ? &'.split(
        ' ',
      ),
      ' ',
      '\n',
      '>x',
      'id="',
      "class='",
      '<!doctype html>',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const html = pieces.join('')
        expect(once(ours(html))).toEqual(standard(html))
      }),
      { numRuns: 3_000 },
    )
  })
})
