import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

const prose = (page: string): string => readFileSync(page, 'utf8').replace(/^```[^]*?^```$/gm, '')

/** As GitHub makes anchors of headings: the second one of a name is counted. */
function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>()
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
    const anchor = heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    return count > 0 ? `${anchor}-${count}` : anchor
  })
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  const broken = [...prose(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].filter(
    ([, path, anchor]) => {
      const file = path ? join(dirname(page), path) : page
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor))
    },
  )
  expect(broken.map(([link]) => link)).toEqual([])
})

test('each guide, and each page beside them, stands in the index', () => {
  const index = readFileSync('docs/README.md', 'utf8')
  const missing = pages
    .filter((page) => /^docs\/(guides\/)?[\w-]+\.md$/.test(page) && page !== 'docs/README.md')
    .filter((page) => !index.includes(`(${page.replace('docs/', '')})`))
  expect(missing).toEqual([])
})
