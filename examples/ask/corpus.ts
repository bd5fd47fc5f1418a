import { readFile, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { createBreath } from './breath.ts'
import { streamDocPassages } from './doc-comments.ts'
import { toPassages, type Passage, type Place } from './passages.ts'

/** What has been read so far. */
export interface CorpusProgress {
  readonly files: number
  readonly passages: number
}

export interface CorpusOptions {
  /** The project: its `node_modules`, its `docs` and its README are read. */
  readonly root: string
  /** A folder of Markdown to read instead. */
  readonly docs?: string
  /** Called after each file. */
  readonly onProgress?: (progress: CorpusProgress) => void
}

/** Bigger files are generated lists, not documentation. */
const MAX_MARKDOWN_BYTES = 1_000_000
const MAX_DECLARATIONS_BYTES = 1_500_000
/** A file that documents more names than this was written by a machine, from a protocol or a schema. */
const MAX_PASSAGES_PER_DECLARATIONS = 2_000
/** A package that documents more than this in its types would speak over all the others, and cost the start its seconds. */
const MAX_COMMENTS_PER_PACKAGE = 1_000
const MAX_DEPTH = 10

const MARKDOWN = /\.(?:md|markdown)$/i
const NOT_DOCUMENTATION =
  /^(?:changelog|changes|history|releases?|release[-_]notes|licen[sc]es?|contribut(?:ing|ors)|code[-_]of[-_]conduct|security|authors|governance|maintainers|notice|third[-_]?party.*|backers|sponsors|issue_template|pull_request_template)(?:[-_.].*)?\.(?:md|markdown)$/i
const DECLARATIONS = /\.d\.[cm]?ts$/
/** The compiler's own libraries describe the language and the browser, not a package. */
const NOT_PACKAGE_DECLARATIONS = /^lib\..*\.d\.ts$/
/** A README in another language repeats the first one: `README.zh-CN.md`, `README_ja.md`. */
const TRANSLATION = /^readme[-_.][a-z]{2}(?:[-_][a-z]{2,4})?\.(?:md|markdown)$/i
const NOT_DOCUMENTATION_FOLDER =
  /^(?:node_modules|tests?|__tests__|spec|specs|fixtures?|__fixtures__|__snapshots__|bench|benchmarks?|coverage)$/i

interface Reader {
  /** No link leads out of here. */
  readonly base: string
  /** Real paths already read: a link that leads back to one is not followed. */
  readonly seen: Set<string>
  read(path: string, place: Place): Promise<void>
}

/**
 * Reads the documentation that is installed on this machine and cuts it into passages.
 *
 * In      `root`: every installed package (README and other Markdown, the comments of its types), the
 *         project's `docs/` and README; or `docs`: every Markdown file below that folder, nothing else.
 * Out     passages with running ids from 0. Files over 1 MB, change logs, licences, test fixtures and
 *         second copies of the same package and version are left out.
 * Cost    one read for each file; never holds the event loop for longer than about one file.
 * Throws  an Error of one line if `docs` is missing, no folder, or holds no Markdown.
 *
 * @example const passages = await readCorpus({ root: process.cwd() })
 */
export async function readCorpus(options: CorpusOptions): Promise<Passage[]> {
  const passages: Passage[] = []
  const seenTexts = new Set<string>()
  const comments = new Map<string, number>()
  const breath = createBreath()
  let files = 0

  const base = await realpath(options.docs ?? options.root).catch(() => undefined)
  const reader: Reader = {
    base: base ?? '',
    seen: new Set(),
    async read(path, place) {
      const isMarkdown = MARKDOWN.test(path)
      const commented = comments.get(place.package) ?? 0
      if (!isMarkdown && commented >= MAX_COMMENTS_PER_PACKAGE) return
      const { size } = await stat(path)
      if (size > (isMarkdown ? MAX_MARKDOWN_BYTES : MAX_DECLARATIONS_BYTES)) return
      const text = await readFile(path, 'utf8')
      // The same file often lies in a package several times, once for each module system.
      const copy = `${place.package}\n${text}`
      if (seenTexts.has(copy)) return
      seenTexts.add(copy)

      const found: Omit<Passage, 'id'>[] = []
      for (const passage of isMarkdown ? toPassages(text, place) : streamDocPassages(text, place)) {
        found.push(passage)
        if (!isMarkdown && found.length > MAX_PASSAGES_PER_DECLARATIONS) return
        await breath()
      }
      for (const passage of found) {
        // Two versions of a package mostly say the same; the first one (the nearest to the root) stays.
        const key = `${passage.package}\n${passage.heading}\n${passage.text}`
        if (seenTexts.has(key)) continue
        seenTexts.add(key)
        passages.push({ id: passages.length, ...passage })
      }
      if (!isMarkdown) comments.set(place.package, commented + found.length)
      files++
      options.onProgress?.({ files, passages: passages.length })
      await breath()
    },
  }

  if (options.docs === undefined) {
    if (base === undefined) throw new Error(`There is no folder ${options.root}.`)
    await readProject(base, reader)
    await readPackages(join(base, 'node_modules'), reader, new Set())
    return passages
  }

  if (base === undefined)
    throw new Error(`There is no folder ${options.docs}: give an existing one with --docs.`)
  if (!(await stat(base)).isDirectory())
    throw new Error(
      `${options.docs} is not a folder: give the folder that holds the Markdown files.`,
    )
  await readFolder(base, { name: basename(resolve(options.docs)), from: base, all: true }, reader)
  if (files === 0)
    throw new Error(`There is no Markdown file (.md) in ${options.docs} or below it.`)
  if (passages.length === 0) throw new Error(`The Markdown files in ${options.docs} hold no text.`)
  return passages
}

async function readProject(root: string, reader: Reader): Promise<void> {
  const { name } = await readManifest(root)
  for (const entry of await listFolder(root)) {
    if (!entry.isFile() || !/^readme\.(?:md|markdown)$/i.test(entry.name)) continue
    await reader.read(join(root, entry.name), { package: name, file: entry.name })
  }
  await readFolder(join(root, 'docs'), { name, from: root }, reader)
}

/** Reads a `node_modules` folder, then the ones inside of its packages. */
async function readPackages(folder: string, reader: Reader, versions: Set<string>): Promise<void> {
  const nested: string[] = []
  for (const entry of await listFolder(folder)) {
    if (entry.name.startsWith('.')) continue
    const path = await follow(join(folder, entry.name), entry, reader)
    if (path === undefined) continue
    if (entry.name.startsWith('@') && !basename(folder).startsWith('@')) {
      await readPackages(path, reader, versions)
      continue
    }
    const { name, version } = await readManifest(path)
    const key = `${name}@${version}`
    if (!versions.has(key)) {
      versions.add(key)
      await readFolder(path, { name, from: path, types: true }, reader)
    }
    nested.push(join(path, 'node_modules'))
  }
  for (const next of nested) await readPackages(next, reader, versions)
}

interface FolderOptions {
  readonly name: string
  /** Paths are shown from here. */
  readonly from: string
  /** Also what is no documentation in a package: the user chose this folder. */
  readonly all?: boolean
  /** Also the comments in declaration files. */
  readonly types?: boolean
}

async function readFolder(
  folder: string,
  options: FolderOptions,
  reader: Reader,
  depth = 0,
): Promise<void> {
  if (depth > MAX_DEPTH) return
  const folders: string[] = []
  for (const entry of await listFolder(folder)) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const shown = join(folder, entry.name)
    if (MARKDOWN.test(entry.name)) {
      if (!options.all && (NOT_DOCUMENTATION.test(entry.name) || TRANSLATION.test(entry.name)))
        continue
      const path = entry.isFile() ? shown : await follow(shown, entry, reader, 'file')
      if (path === undefined) continue
      await reader.read(path, { package: options.name, file: toShown(options.from, shown) })
    } else if (DECLARATIONS.test(entry.name) && entry.isFile()) {
      if (!options.types || NOT_PACKAGE_DECLARATIONS.test(entry.name)) continue
      await reader.read(shown, { package: options.name, file: toShown(options.from, shown) })
    } else if (options.all || !NOT_DOCUMENTATION_FOLDER.test(entry.name)) {
      const path = await follow(shown, entry, reader)
      if (path !== undefined) folders.push(shown)
    }
  }
  for (const next of folders) await readFolder(next, options, reader, depth + 1)
}

function toShown(from: string, path: string): string {
  return relative(from, path).split(sep).join('/')
}

interface Entry {
  readonly name: string
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

/** Sorted, so that ids and ranks are the same on every machine; a folder that cannot be read is empty. */
async function listFolder(folder: string): Promise<Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Where an entry leads, if that is of the wanted kind, inside of the base and not yet visited. */
async function follow(
  path: string,
  entry: Entry,
  reader: Reader,
  kind: 'folder' | 'file' = 'folder',
): Promise<string | undefined> {
  if (!entry.isSymbolicLink()) return kind === 'folder' && entry.isDirectory() ? path : undefined
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined || !real.startsWith(reader.base + sep) || reader.seen.has(real))
    return undefined
  const found = await stat(real)
  if (kind === 'folder' ? !found.isDirectory() : !found.isFile()) return undefined
  reader.seen.add(real)
  return real
}

async function readManifest(folder: string): Promise<{ name: string; version: string }> {
  const fallback = basename(folder)
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const { name, version } = manifest as { name?: unknown; version?: unknown }
    return {
      name: typeof name === 'string' && name ? name : fallback,
      version: typeof version === 'string' ? version : folder,
    }
  } catch {
    return { name: fallback, version: folder }
  }
}
