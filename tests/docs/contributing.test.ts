import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const page = readFileSync('docs/contributing.md', 'utf8')

/** Each answer: its title, and the files with the names that they declare. */
const answers = page
  .split(/^## /m)
  .slice(1, 7)
  .map((section) => ({
    title: section.slice(0, section.indexOf('\n')),
    files: [...section.matchAll(/^- \[`([^`]+)`\]\(([^)]+)\): ((?:`[^`]+`(?:, )?)+) — \S/gm)].map(
      ([, path, link, names]) => ({
        path: path!,
        link: link!,
        names: [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
      }),
    ),
  }))

test('the page begins with six answers', () => {
  expect(answers.map(({ title }) => title)).toEqual([
    'Another model SDK',
    'Another store',
    'A WebSocket transport',
    'Another client library than htmx',
    'A new limit',
    'A new error text',
  ])
})

describe.each(answers)('$title', ({ files }) => {
  test('names files', () => {
    expect(files.length).toBeGreaterThan(1)
  })

  test.each(files)('$path exists and declares $names', ({ path, link, names }) => {
    expect(join('docs', link)).toBe(path)
    const code = readFileSync(path, 'utf8')
    for (const name of names)
      expect(code).toMatch(
        new RegExp(
          `(?:function\\*?|class|const|interface|type) ${name}\\b|^ {2}(?:async )?\\*?${name}\\(`,
          'm',
        ),
      )
  })
})

test('every folder and file of tests that the page names exists', () => {
  for (const [, path] of page.matchAll(/`(tests\/[^`]+)`/g))
    expect(existsSync(path!), path).toBe(true)
})
