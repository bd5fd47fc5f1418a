import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const { exports } = JSON.parse(read('package.json')) as {
  exports: Record<string, { source: string; types: string; default: string } | string>
}

/** Every name that a door lets out, with the file it comes from. */
function symbolsOf(door: string): { name: string; file: string; isType: boolean }[] {
  return [...read(door).matchAll(/export (type )?(?:\{([^}]*)\}|\*) from '(\.[^']+)'/g)].flatMap(
    ([, type, names, from]) => {
      const file = join(dirname(door), from!)
      if (names === undefined) return symbolsOf(file)
      return names
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
        .map((name) => ({ name, file, isType: type !== undefined }))
    },
  )
}

describe('each door', () => {
  for (const [door, targets] of Object.entries(exports)) {
    if (typeof targets === 'string') continue

    test(`"${door}" has one small source file, and the same place in the build`, () => {
      expect(read(targets.source).split('\n').length).toBeLessThan(100)
      const name = targets.source.replace('./src/', '').replace('.ts', '')
      expect(targets).toEqual({
        source: `./src/${name}.ts`,
        types: `./dist/${name}.d.ts`,
        default: `./dist/${name}.js`,
      })
    })

    test.each(symbolsOf(targets.source))(
      `"${door}" says what $name is for, with an example when it can be called`,
      ({ name, file, isType }) => {
        const code = read(file)
        const at = new RegExp(
          `export (?:declare )?(?:async )?(?:abstract )?(?:function\\*?|class|const|interface|type) ${name}\\b`,
        ).exec(code)
        expect(at, `${name} in ${file}`).not.toBe(null)
        const before = code.slice(0, at!.index).trimEnd()
        const comment = before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : ''
        // What has members explains each of them; everything else needs a sentence of its own.
        if (isType && /export interface/.test(at![0])) {
          const members = /\{([^]*?)\n\}/.exec(code.slice(at!.index))?.[1] ?? ''
          expect(comment.length + (members.match(/\/\*\*/g)?.length ?? 0)).toBeGreaterThan(0)
          return
        }
        expect(comment.replace(/[/*\s]/g, '').length, `doc comment of ${name}`).toBeGreaterThan(20)
        const extendsDocumented = /extends SwapstreamError/.test(
          code.slice(at!.index, at!.index + 200),
        )
        if (!isType && !extendsDocumented)
          expect(comment, `example of ${name}`).toContain('@example')
      },
    )
  }
})

test('each error code has its paragraph in docs/errors.md, and no other code has one', () => {
  const union = /export type ErrorCode =([^]*?)\n\n/.exec(read('src/base/errors.ts'))![1]!
  const codes = [...union.matchAll(/'([a-z]+\/[a-z-]+)'/g)].map(([, code]) => code)
  const documented = [...read('docs/errors.md').matchAll(/^- `([a-z]+\/[a-z-]+)`/gm)].map(
    ([, code]) => code,
  )
  expect(documented.toSorted()).toEqual(codes.toSorted())
})
