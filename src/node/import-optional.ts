import { ConfigError } from '../shared/errors.ts'

/**
 * The packages that `llm` may import, and no others. Literal, so that bundlers find them; ignored by the compiler, since
 * they are here for some and not for others.
 */
const IMPORTS: Readonly<Record<string, () => Promise<unknown>>> = {
  // @ts-ignore -- optional
  ai: () => import('ai'),
  // @ts-ignore -- optional
  '@ai-sdk/openai-compatible': () => import('@ai-sdk/openai-compatible'),
  // @ts-ignore -- optional
  '@ai-sdk/openai': () => import('@ai-sdk/openai'),
  // @ts-ignore -- optional
  '@ai-sdk/anthropic': () => import('@ai-sdk/anthropic'),
}

/** Node, Bun, Deno and Vite each have words of their own for a package that is not there. */
const MISSING = /cannot find|could not resolve|failed to resolve|not a dependency/i
const NAMED = /['"]([^'"]+)['"]/

/**
 * A package that only some users have.
 *
 * Out     its exports; undefined when it is not installed.
 * Throws  ConfigError `config/invalid` when it is installed and does not load.
 *
 * @param from A file or URL from whose place it is looked for. Default: this package.
 */
export async function importOptional(
  name: string,
  from?: string | URL,
): Promise<Record<string, unknown> | undefined> {
  try {
    const exports = from === undefined ? IMPORTS[name]!() : await importFrom(name, from)
    return (await exports) as Record<string, unknown> | undefined
  } catch (cause) {
    const [reason = ''] = String(cause).split('\n')
    // What it imports itself may be missing, too: that is another fault, with another cure.
    if (MISSING.test(reason) && NAMED.exec(reason)?.[1] === name) return undefined
    throw new ConfigError('config/invalid', `${name} is installed, but does not load: ${reason}`, {
      cause,
    })
  }
}

async function importFrom(name: string, from: string | URL): Promise<unknown> {
  const { createRequire } = await import('node:module')
  const { pathToFileURL } = await import('node:url')
  let path: string
  try {
    path = createRequire(from).resolve(name)
  } catch {
    return undefined
  }
  return import(/* @vite-ignore */ pathToFileURL(path).href)
}
