import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readEntryPoints, type Exported } from '../../scripts/read-entry-points.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const { exports } = JSON.parse(read('package.json')) as {
  exports: Record<string, { source: string; workerd?: object } | string>
}

test.each(Object.entries(exports).filter(([, targets]) => typeof targets !== 'string'))(
  'the entry point "%s" has one small source file, and the same path in the build',
  (_, targets) => {
    const { source, workerd, ...built } = targets as { source: string; workerd?: object }
    expect(read(source).split('\n').length).toBeLessThan(100)
    const name = source.replace('./src/', '').replace('.ts', '')
    expect(source).toBe(`./src/${name}.ts`)
    const places = (each: string) => ({
      types: `./dist/${each}.d.ts`,
      default: `./dist/${each}.js`,
    })
    expect(built).toEqual(places(name))
    if (workerd) expect(workerd).toEqual(places('workers'))
  },
)

const entryPoints = readEntryPoints()
const described = new Map(
  entryPoints.flatMap((entry) => entry.exports.map((exported) => [exported.name, exported])),
)

/** What can be called, with its own lines of code. */
function bodyOf({ name, file }: Exported): string {
  const code = read(`src/${file}`)
  const start = new RegExp(
    `export (?:abstract )?(?:async )?(?:function\\*?|class) ${name}\\b`,
  ).exec(code)
  return start ? code.slice(start.index, code.indexOf('\n}\n', start.index)) : ''
}

describe('the export', () => {
  test.each([...described.values()])('$name says what it is for', ({ comment }) => {
    expect(comment.paragraphs.join(' ').length).toBeGreaterThan(10)
  })

  test.each([...described.values()].filter(({ typeOnly }) => !typeOnly))(
    '$name can be called, so it has an example, and says how it ends and what it throws',
    (exported) => {
      const { comment, declaration } = exported
      expect(comment.examples).not.toEqual([])
      const streams = /\): (?:Promise<)?Async(?:Generator|Iter)|extends StreamBody/.test(
        declaration,
      )
      if (streams) expect(comment.contract.get('Ends'), 'Ends').toBeDefined()
      if (/\bthrow /.test(bodyOf(exported)))
        expect(comment.contract.get('Throws'), 'Throws').toBeDefined()
    },
  )
})
