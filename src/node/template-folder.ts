import { readdirSync, readFileSync, realpathSync, statSync, watch } from 'node:fs'
import { join, sep } from 'node:path'
import { ConfigError } from '../shared/errors.ts'
import { tryOr } from '../shared/hooks.ts'
import { isPlainName, type TemplateSource } from '../templates/source.ts'

/**
 * The templates of a folder and of the folders in it. A name is found only when it is plain and relative and names a file
 * in the folder: no `..`, no absolute path, no NUL, no backslash, no leading dot, no symbolic link that leads out of it.
 *
 * Throws  ConfigError `config/invalid` when the folder is missing or is none.
 */
export function templateFolder(dir: string): TemplateSource {
  const root = realRoot(dir)
  return {
    read(name) {
      const isHidden = name.split('/').some((part) => part.startsWith('.'))
      const path = isPlainName(name) && !isHidden ? realFile(root, name) : undefined
      return path === undefined ? undefined : { text: readFileSync(path, 'utf8'), path }
    },
    names: () => [...namesIn(root, '')],
    watch(changed) {
      const watcher = watch(root, { recursive: true, persistent: false }, (_event, file) => {
        if (file !== null) changed(file.split(sep).join('/'))
      })
      // A folder that goes away meanwhile must not end the process.
      watcher.on('error', () => {})
      return () => watcher.close()
    },
  }
}

function realRoot(dir: string): string {
  try {
    if (statSync(dir).isDirectory()) return realpathSync(dir)
  } catch (cause) {
    const hint = 'Create it, or say where the templates are: templates: "path/to/folder".'
    const what = `the template folder "${dir}" does not exist.`
    throw new ConfigError('config/invalid', what, { hint, cause })
  }
  throw new ConfigError('config/invalid', `"${dir}" is a file, and a template folder was expected.`)
}

function realFile(root: string, name: string): string | undefined {
  return tryOr(() => {
    const path = realpathSync(join(root, name))
    // With the separator: `/views-secret` begins with `/views`, too.
    const isInside = path.startsWith(root.endsWith(sep) ? root : root + sep)
    return isInside && statSync(path).isFile() ? path : undefined
  }, undefined)
}

function* namesIn(root: string, folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) yield* namesIn(root, name)
    else if (entry.isFile() || realFile(root, name) !== undefined) yield name
  }
}
