import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import manifest from '../../package.json' with { type: 'json' }
import { compile } from './compile.ts'

declare module 'vitest' {
  interface ProvidedContext {
    programs: string
  }
}

/** What tests start as a process of its own, and what that imports. */
const COMPILED = [
  'src/**/*',
  'examples/**/*',
  'scripts/chromium.ts',
  'tests/contract/support/battery.ts',
  'tests/contract/support/large-blocks.ts',
  'tests/runs/support/node.ts',
]

/**
 * Compiles the programs that tests start, once for all: to compile each anew at its start takes three times as long as
 * the start itself. Their types are checked elsewhere.
 */
export default function setup(project: TestProject): () => void {
  const root = resolve(import.meta.dirname, '../..')
  const folder = mkdtempSync(join(tmpdir(), 'swapstream-programs-'))
  compile({ include: COMPILED.map((path) => join(root, path)), from: root, to: folder })
  // Beside them what they find by their own place: files of the examples (one shows its source), and of the package.
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true })
  for (const name of ['node_modules', 'templates', 'public'])
    symlinkSync(join(root, name), join(folder, name))
  const exports = Object.entries(manifest.exports).map(([entry, targets]) => [
    entry,
    typeof targets === 'string' ? targets : targets.source.replace(/\.ts$/, '.js'),
  ])
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: manifest.name, type: 'module', exports: Object.fromEntries(exports) }),
  )
  project.provide('programs', folder)
  return () => rmSync(folder, { recursive: true })
}
