import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const tests = ['.', '../contract/support'].flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')),
)
const INDEX = ['README.md', 'docs/README.md'].map((file) => readFileSync(file, 'utf8')).join()

test.each(readdirSync('examples'))('examples/%s is run by a test, and found by readers', (name) => {
  expect(tests.some((code) => code.includes(`examples/${name}/server.ts`))).toBe(true)
  expect(readFileSync(`examples/${name}/README.md`, 'utf8')).toMatch(/^# /)
  expect(INDEX).toContain(`examples/${name}`)
})
