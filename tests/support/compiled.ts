import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile } from './compile.ts'

/** Compiles one TypeScript file as a user's compiler would, and imports what came out. Its types are checked elsewhere. */
export async function importCompiled<M>(file: string): Promise<M> {
  const to = await mkdtemp(join(tmpdir(), 'swapstream-compiled-'))
  try {
    await writeFile(join(to, 'package.json'), '{"type":"module"}')
    compile({ include: [resolve(file)], from: dirname(resolve(file)), to })
    return (await import(pathToFileURL(join(to, basename(file).replace(/\.ts$/, '.js'))).href)) as M
  } finally {
    await rm(to, { recursive: true })
  }
}
