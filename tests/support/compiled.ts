import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

/** Compiles one TypeScript file as a user's compiler would, and imports what came out. Its types are checked elsewhere. */
export async function importCompiled<M>(file: string): Promise<M> {
  const folder = await mkdtemp(join(tmpdir(), 'swapstream-compiled-'))
  try {
    const compilerOptions = {
      target: 'es2023',
      module: 'esnext',
      types: [],
      noCheck: true,
      // What the file imports is not compiled with it: it would be written next to its sources.
      noResolve: true,
    }
    await copyFile(file, join(folder, 'compiled.ts'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const project = join(folder, 'tsconfig.json')
    await writeFile(project, JSON.stringify({ compilerOptions, files: ['compiled.ts'] }))
    await promisify(execFile)(resolve('node_modules/.bin/tsc'), ['-p', project])
    return (await import(pathToFileURL(join(folder, 'compiled.js')).href)) as M
  } finally {
    await rm(folder, { recursive: true })
  }
}
