import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { llmsText } from '../../scripts/llms.ts'
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

test('llms.txt names each page as it is now: its title, its first sentence, a path that exists', () => {
  const text = readFileSync('llms.txt', 'utf8')
  expect(text, 'Run: npm run llms').toBe(llmsText())
  const lines = text.split('\n').filter((line) => line.startsWith('- '))
  for (const line of lines) {
    const [, path, sentence] = /^- \[.+\]\(([^)]+)\): (.+)$/.exec(line) ?? []
    expect(existsSync(path!), line).toBe(true)
    expect(sentence, line).toMatch(/^\S.{15,}\.$/)
  }
  const guides = pages.filter((page) => page.startsWith('docs/guides/'))
  expect(guides.filter((page) => !text.includes(`(${page})`))).toEqual([])
})

test('each guide, and each page beside them, stands in the index', () => {
  const index = readFileSync('docs/README.md', 'utf8')
  const missing = pages
    .filter((page) => /^docs\/(guides\/)?[\w-]+\.md$/.test(page) && page !== 'docs/README.md')
    .filter((page) => !index.includes(`(${page.replace('docs/', '')})`))
  expect(missing).toEqual([])
})
