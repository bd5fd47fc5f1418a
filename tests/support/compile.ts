import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const TSC = resolve(import.meta.dirname, '../../node_modules/.bin/tsc')

export interface Compilation {
  /** Paths or patterns. What these import is not compiled with them. */
  readonly include: readonly string[]
  /** The folder whose structure the output repeats. */
  readonly from: string
  /** The output folder, which exists. */
  readonly to: string
}

/** Compiles TypeScript as a user's compiler would. Types are checked elsewhere. */
export function compile({ include, from, to }: Compilation): void {
  const compilerOptions = {
    target: 'es2023',
    module: 'esnext',
    types: [],
    noCheck: true,
    noResolve: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: true,
    rootDir: from,
    outDir: to,
  }
  const project = join(to, 'tsconfig.compile.json')
  writeFileSync(project, JSON.stringify({ compilerOptions, include, exclude: [] }))
  execFileSync(TSC, ['-p', project], { stdio: ['ignore', 'inherit', 'inherit'] })
  rmSync(project)
}
