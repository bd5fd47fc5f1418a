import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { streamDocPassages } from '../../../examples/ask/doc-comments.ts'

const where = { package: 'sums', file: 'dist/types/index.d.ts' }

function toPairs(declarations: string): [string, string][] {
  return [...streamDocPassages(declarations, where)].map(({ heading, text }) => [heading, text])
}

describe('streamDocPassages', () => {
  it('makes a passage of a documented declaration, with its signature below', () => {
    expect(
      toPairs(
        '/** Adds the number `b` to `a`. */\nexport declare function add(a: number, b: number): number;',
      ),
    ).toEqual([
      ['add', 'Adds the number b to a.\n\n    function add(a: number, b: number): number'],
    ])
  })

  it('names the class and the module around a member', () => {
    const text =
      "declare module 'sums' {\n  export class Sum<T = {}> extends Base {\n" +
      '    constructor(options: { a: string; b: string });\n' +
      '    /** Says how much it is now. */\n    total(of: { a: number }): number;\n  }\n}\n' +
      '/** Something outside of it all. */\nexport const other: string;'
    expect(toPairs(text).map(([heading]) => heading)).toEqual(['sums › Sum › total', 'other'])
  })

  it('keeps tags that tell something as they are written, and examples as code', () => {
    const text =
      '/**\n * Reads it from {@link Place | a place}.\n *\n * @param path Where it is.\n * @param options\n * @since 1.2\n' +
      " * @example\n * ```ts\n * read('a')\n * ```\n */\nexport declare function read(path: string): string;"
    expect(toPairs(text)).toEqual([
      [
        'read',
        "Reads it from a place.\n\n@param path Where it is.\n\n    read('a')\n\n    function read(path: string): string",
      ],
    ])
  })

  it('leaves out what is private or says nothing', () => {
    const text =
      'declare class A {\n/** It is a secret of ours. */\nprivate x: string;\n/** @internal Not for you at all. */\ny: string;\n' +
      '/** Not meant for many eyes. */\n_z: string;\n/** @param a */\nw(a: string): void;\n}'
    expect(toPairs(text)).toEqual([])
  })

  it('gathers the signatures of what is exported without a word', () => {
    const text =
      'export declare const setCookie: (name: string) => void;\nexport declare function get(): string;\ndeclare const own: 1;'
    expect(toPairs(text)).toEqual([
      ['index', '    const setCookie: (name: string) => void\n\n    function get(): string'],
    ])
  })

  it('never throws, for any input', () => {
    const mark = fc.constantFrom(
      '/**',
      '*/',
      '{',
      '}',
      '(',
      ')',
      ';',
      '"',
      "'",
      '`',
      '//',
      '\n',
      'export ',
      'class A ',
      '@example',
      ' * ',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(mark, fc.string())), (parts) => {
        for (const { heading, text } of streamDocPassages(parts.join(''), where)) {
          expect(heading).not.toBe('')
          expect(text).not.toBe('')
        }
      }),
    )
  })
})
