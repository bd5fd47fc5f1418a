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
  'tests/runtimes/support/*.ts',
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
  for (const each of ['node_modules', 'templates', 'public'])
    symlinkSync(join(root, each), join(folder, each))
  const { name, imports } = manifest
  const exports = Object.entries(manifest.exports).map(([entry, targets]) => [
    entry,
    typeof targets === 'string'
      ? targets
      : {
          ...('workerd' in targets && { workerd: compiled(targets.workerd.default) }),
          default: compiled(targets.default),
        },
  ])
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, type: 'module', imports, exports: Object.fromEntries(exports) }),
  )
  project.provide('programs', folder)
  return () => rmSync(folder, { recursive: true })
}

/** Where a file of the build is here. */
function compiled(built: string): string {
  return built.replace('./dist/', './src/')
}
