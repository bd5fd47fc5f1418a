import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { anchorsOf, proseOf } from './support/anchors.ts'

const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

test.each(pages)('the links of %s lead somewhere', (page) => {
  const broken = [
    ...proseOf(readFileSync(page, 'utf8')).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g),
  ].filter(([, path, anchor]) => {
    const file = path ? join(dirname(page), path) : page
    return (
      !existsSync(file) ||
      (anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor))
    )
  })
  expect(broken.map(([link]) => link)).toEqual([])
})

test('each guide, and each page beside them, stands in the index', () => {
  const index = readFileSync('docs/README.md', 'utf8')
  const missing = pages
    .filter((page) => /^docs\/(guides\/)?[\w-]+\.md$/.test(page) && page !== 'docs/README.md')
    .filter((page) => !index.includes(`(${page.replace('docs/', '')})`))
  expect(missing).toEqual([])
})
