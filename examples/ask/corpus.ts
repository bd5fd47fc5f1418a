import { readFile, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { streamDocPassages } from './doc-comments.ts'
import { toPassages, type Passage, type Place } from './passages.ts'

export interface CorpusOptions {
  /** The project: its `node_modules`, its `docs` and its README are read. */
  readonly root: string
  /** A folder of Markdown to read instead. */
  readonly docs?: string
}

/** A file that is documentation, and whose it is. */
export interface Document extends Place {
  readonly path: string
  /** Files with a lower one are read first: guides before types, the project and what it names before the rest. */
  readonly order: number
  readonly owner?: Passage['owner']
  /** What the manifest of its package says the package is for. Only for the README. */
  readonly about?: string
}

const MARKDOWN = /\.(?:md|markdown)$/i
const README = /^readme\.(?:md|markdown)$/i
const NOT_DOCUMENTATION =
  /^(?:changelog|changes|history|releases?|release[-_]notes|licen[sc]es?|contribut(?:ing|ors)|code[-_]of[-_]conduct|security|authors|governance|maintainers|notice|third[-_]?party.*|backers|sponsors|issue_template|pull_request_template)(?:[-_.].*)?\.(?:md|markdown)$/i
const DECLARATIONS = /\.d\.[cm]?ts$/
/** The compiler's own libraries describe the language and the browser, not a package. */
const NOT_PACKAGE_DECLARATIONS = /^lib\..*\.d\.ts$/
/** A README in another language repeats the first one: `README.zh-CN.md`, `README_ja.md`. */
const TRANSLATION = /^readme[-_.][a-z]{2}(?:[-_][a-z]{2,4})?\.(?:md|markdown)$/i
const NOT_DOCUMENTATION_FOLDER =
  /^(?:node_modules|tests?|__tests__|spec|specs|fixtures?|__fixtures__|__snapshots__|bench|benchmarks?|coverage)$/i
const MAX_DEPTH = 10
/** How many files are read ahead, so that the disk and the parser work at the same time. */
const READ_AHEAD = 8
/** Between two batches, others can have their turn. */
const BATCH = 100
/** Longer files are data. */
const MAX_CHARS = 5_000_000

interface Manifest {
  readonly name: string
  readonly version: string
  readonly about: string
  readonly dependencies: ReadonlySet<string>
}

interface Listing {
  /** No link leads out of here. */
  readonly base: string
  /** Real paths already listed: a link that leads back to one is not followed. */
  readonly seen: Set<string>
  readonly documents: Document[]
}

/**
 * Lists the documentation that is installed on this machine, in the order in which to read it.
 *
 * In      `root`: every installed package (README and other Markdown, the comments of its types), the project's `docs/`
 *         and README; or `docs`: every Markdown file below that folder, nothing else.
 * Out     change logs, licences, test fixtures and second copies of a package's version are left out.
 * Throws  an Error of one line if `docs` is missing, no folder, or holds no Markdown file.
 *
 * @example const documents = await listDocuments({ root: process.cwd() })
 */
export async function listDocuments({ root, docs }: CorpusOptions): Promise<Document[]> {
  const base = await realpath(docs ?? root).catch(() => undefined)
  if (base === undefined)
    throw new Error(
      `There is no folder ${docs ?? root}${docs === undefined ? '.' : ': give an existing one with --docs.'}`,
    )
  if (!(await stat(base)).isDirectory())
    throw new Error(`${docs} is not a folder: give the folder that holds the Markdown files.`)
  const listing: Listing = { base, seen: new Set(), documents: [] }
  if (docs === undefined) {
    const manifest = await readManifest(base)
    const project = { package: manifest.name, from: base, owner: 'project' as const }
    await listReadme(base, { ...project, about: manifest.about }, listing)
    await listFolder(join(base, 'docs'), project, listing)
    await listPackages(join(base, 'node_modules'), manifest.dependencies, listing, new Set())
  } else {
    await listFolder(base, { package: basename(resolve(docs)), from: base, all: true }, listing)
    if (listing.documents.length === 0)
      throw new Error(`There is no Markdown file (.md) in ${docs} or below it.`)
  }
  return listing.documents.toSorted((a, b) => a.order - b.order)
}

/** Some passages, and how many documents are read so far. */
export interface Batch {
  readonly passages: readonly Omit<Passage, 'id'>[]
  readonly documents: number
}

/**
 * Reads documents one by one and cuts them into passages.
 *
 * Out     small batches, in the order of the documents; a passage that its package has already is left out.
 * Cost    one read for each file.
 */
export async function* readDocuments(
  documents: Iterable<Document>,
): AsyncGenerator<Batch, void, undefined> {
  const known = new Set<string>()
  const isNew = (name: string, part: string): boolean => {
    const { size } = known
    return known.add(`${name}\n${part}`).size > size
  }
  let done = 0
  for await (const [{ package: name, file, owner, about }, text] of readAhead(documents)) {
    done += 1
    // The same file often lies in a package several times, once for each module system.
    if (text.length > MAX_CHARS || !isNew(name, text)) continue
    const where = { package: name, file, ...(owner === undefined ? {} : { owner }) }
    const cut = MARKDOWN.test(file) ? toPassages(text, where) : streamDocPassages(text, where)
    let passages: Omit<Passage, 'id'>[] = []
    let lead = about
    for (const passage of cut) {
      // Two versions of a package mostly say the same; the first one (the nearest to the root) stays.
      if (!isNew(name, `${passage.heading}\n${passage.text}`)) continue
      passages.push({ ...passage, ...where, ...(lead === undefined ? {} : { about: lead }) })
      lead = undefined
      if (passages.length < BATCH) continue
      yield { passages, documents: done - 1 }
      passages = []
    }
    yield { passages, documents: done }
  }
}

/** The texts of documents, some of which are read ahead. */
async function* readAhead(
  documents: Iterable<Document>,
): AsyncGenerator<[Document, string], void, undefined> {
  const reads: { readonly document: Document; readonly text: Promise<string> }[] = []
  for (const document of documents) {
    // A file that cannot be read has nothing to say.
    reads.push({ document, text: readFile(document.path, 'utf8').catch(() => '') })
    if (reads.length <= READ_AHEAD) continue
    const { document: next, text } = reads.shift()!
    yield [next, await text]
  }
  for (const { document, text } of reads) yield [document, await text]
}

/** Lists a `node_modules` folder, then the ones inside of its packages. */
async function listPackages(
  folder: string,
  named: ReadonlySet<string>,
  listing: Listing,
  versions: Set<string>,
): Promise<void> {
  const nested: string[] = []
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith('.')) continue
    const path = await follow(join(folder, entry.name), entry, listing)
    if (path === undefined) continue
    if (entry.name.startsWith('@') && !basename(folder).startsWith('@')) {
      await listPackages(path, named, listing, versions)
      continue
    }
    const { name, version, about } = await readManifest(path)
    const key = `${name}@${version}`
    if (!versions.has(key)) {
      versions.add(key)
      const owner = named.has(name) ? ('dependency' as const) : undefined
      await listFolder(path, { package: name, from: path, types: true, owner, about }, listing)
    }
    nested.push(join(path, 'node_modules'))
  }
  for (const next of nested) await listPackages(next, named, listing, versions)
}

interface FolderOptions {
  readonly package: string
  /** Paths are shown from here. */
  readonly from: string
  readonly owner?: Passage['owner']
  readonly about?: string
  /** Also what is no documentation in a package: the user chose this folder. */
  readonly all?: boolean
  /** Also the comments in declaration files. */
  readonly types?: boolean
}

async function listReadme(folder: string, options: FolderOptions, listing: Listing): Promise<void> {
  for (const entry of await entriesOf(folder))
    if (entry.isFile() && README.test(entry.name)) add(join(folder, entry.name), options, listing)
}

async function listFolder(
  folder: string,
  options: FolderOptions,
  listing: Listing,
  depth = 0,
): Promise<void> {
  if (depth > MAX_DEPTH) return
  const folders: string[] = []
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const shown = join(folder, entry.name)
    if (MARKDOWN.test(entry.name)) {
      if (!options.all && (NOT_DOCUMENTATION.test(entry.name) || TRANSLATION.test(entry.name)))
        continue
      if (entry.isFile() || (await follow(shown, entry, listing, 'file')))
        add(shown, options, listing)
    } else if (DECLARATIONS.test(entry.name) && entry.isFile()) {
      if (options.types && !NOT_PACKAGE_DECLARATIONS.test(entry.name)) add(shown, options, listing)
    } else if (options.all || !NOT_DOCUMENTATION_FOLDER.test(entry.name)) {
      if (await follow(shown, entry, listing)) folders.push(shown)
    }
  }
  for (const next of folders) await listFolder(next, options, listing, depth + 1)
}

function add(path: string, options: FolderOptions, { documents }: Listing): void {
  const { package: name, from, owner, about } = options
  const file = relative(from, path).split(sep).join('/')
  const isNear = owner !== undefined
  documents.push({
    path,
    package: name,
    file,
    order: (MARKDOWN.test(file) ? 0 : 2) + (isNear ? 0 : 1),
    ...(owner === undefined ? {} : { owner }),
    ...(about !== undefined && README.test(file) ? { about } : {}),
  })
}

interface Entry {
  readonly name: string
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

/** Sorted, so that ids and ranks are the same on every machine; a folder that cannot be read is empty. */
async function entriesOf(folder: string): Promise<Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Where an entry leads, if that is of the wanted kind, inside of the base and not yet visited. */
async function follow(
  path: string,
  entry: Entry,
  listing: Listing,
  kind: 'folder' | 'file' = 'folder',
): Promise<string | undefined> {
  if (!entry.isSymbolicLink()) return kind === 'folder' && entry.isDirectory() ? path : undefined
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined || !real.startsWith(listing.base + sep) || listing.seen.has(real))
    return undefined
  const found = await stat(real)
  if (kind === 'folder' ? !found.isDirectory() : !found.isFile()) return undefined
  listing.seen.add(real)
  return real
}

async function readManifest(folder: string): Promise<Manifest> {
  const read: unknown = await readFile(join(folder, 'package.json'), 'utf8')
    .then(JSON.parse)
    .catch(() => undefined)
  const manifest = (typeof read === 'object' && read !== null ? read : {}) as Record<
    string,
    unknown
  >
  const { version, description, keywords } = manifest
  const name =
    typeof manifest['name'] === 'string' && manifest['name'] ? manifest['name'] : basename(folder)
  const dependencies = ['dependencies', 'devDependencies', 'optionalDependencies']
  return {
    name,
    version: typeof version === 'string' ? version : folder,
    about: [name, description, ...(Array.isArray(keywords) ? keywords : [])]
      .filter((text) => typeof text === 'string')
      .join(', '),
    dependencies: new Set(dependencies.flatMap((kind) => Object.keys(manifest[kind] ?? {}))),
  }
}
