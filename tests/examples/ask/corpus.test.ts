import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { listDocuments, readDocuments, type CorpusOptions } from '../../../examples/ask/corpus.ts'
import type { Passage } from '../../../examples/ask/passages.ts'

const folders: string[] = []

/** A project with these files; a value that begins with `-> ` is a link. */
async function createProject(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'swapstream-corpus-'))
  folders.push(root)
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name)
    await mkdir(dirname(path), { recursive: true })
    if (text.startsWith('-> ')) await symlink(join(root, text.slice(3)), path)
    else await writeFile(path, text)
  }
  return root
}

async function readCorpus(options: CorpusOptions): Promise<Omit<Passage, 'id'>[]> {
  const all: Omit<Passage, 'id'>[] = []
  for await (const { passages } of readDocuments(await listDocuments(options)))
    all.push(...passages)
  return all
}

function toPlaces(passages: readonly Omit<Passage, 'id'>[]): string[] {
  return passages.map((passage) => `${passage.package} ${passage.file}`)
}

const manifest = (name: string, version = '1.0.0'): string => JSON.stringify({ name, version })

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })))
})

describe('the corpus', () => {
  it('reads the packages, the README and the docs of a project', async () => {
    const root = await createProject({
      'package.json': manifest('mine'),
      'README.md': 'What my project is for.',
      'docs/guide/start.md': 'How to start with it.',
      'src/notes.md': 'Notes for nobody else.',
      'node_modules/plain/package.json': manifest('plain'),
      'node_modules/plain/README.md': 'What plain is for.',
      'node_modules/plain/docs/deep.md': 'More about plain.',
      'node_modules/plain/index.d.ts':
        '/** Makes a thing plain. */\nexport declare function plain(): void;',
      'node_modules/@scope/name/package.json': manifest('@scope/name'),
      'node_modules/@scope/name/readme.markdown': 'What the scoped one is for.',
      'node_modules/folder-name/README.md': 'A package without a manifest.',
      'node_modules/.cache/README.md': 'Not a package at all.',
    })
    const passages = await readCorpus({ root })
    expect(toPlaces(passages)).toEqual([
      'mine README.md',
      'mine docs/guide/start.md',
      '@scope/name readme.markdown',
      'folder-name README.md',
      'plain README.md',
      'plain docs/deep.md',
      'plain index.d.ts',
    ])
  })

  it('reads guides before types, and the project and what it names before the rest', async () => {
    const type = '/** Makes a thing of its own. */\nexport declare function make(): void;'
    const root = await createProject({
      'package.json': JSON.stringify({ name: 'mine', devDependencies: { wanted: '1' } }),
      'docs/guide.md': 'How to start.',
      'node_modules/any/README.md': 'What any is for.',
      'node_modules/any/index.d.ts': type,
      'node_modules/wanted/package.json': JSON.stringify({
        name: 'wanted',
        description: 'Grants wishes',
      }),
      'node_modules/wanted/README.md': 'What wanted is for.\n\n## More\n\nMore of it.',
      'node_modules/wanted/index.d.ts': type,
    })
    const passages = await readCorpus({ root })
    expect(passages.map(({ package: name, file, owner }) => `${name} ${file} ${owner}`)).toEqual([
      'mine docs/guide.md project',
      'wanted README.md dependency',
      'wanted README.md dependency',
      'any README.md undefined',
      'wanted index.d.ts dependency',
      'any index.d.ts undefined',
    ])
    expect(passages.map(({ about }) => about)).toEqual([
      undefined,
      'wanted, Grants wishes',
      undefined,
      'any',
      undefined,
      undefined,
    ])
  })

  it('reads a package however much it documents', async () => {
    const comment = (n: number): string =>
      `/** Does the thing ${n}. */\nexport declare function f${n}(): void;\n`
    const root = await createProject({
      'node_modules/big/index.d.ts': Array.from({ length: 2_500 }, (_, n) => comment(n)).join(''),
    })
    expect(await readCorpus({ root })).toHaveLength(2_500)
  })

  it('leaves out what is no documentation', async () => {
    const some = 'Some words that could be found.'
    const root = await createProject({
      'node_modules/a/package.json': manifest('a'),
      'node_modules/a/README.md': 'The only thing to read.',
      'node_modules/a/README.zh-CN.md': some,
      'node_modules/a/CHANGELOG.md': some,
      'node_modules/a/LICENSE.md': some,
      'node_modules/a/CONTRIBUTING.md': some,
      'node_modules/a/CODE_OF_CONDUCT.md': some,
      'node_modules/a/SECURITY.md': some,
      'node_modules/a/test/fixtures/x.md': some,
      'node_modules/a/huge.md': `${some}\n\n`.repeat(160_000),
      'node_modules/a/lib.dom.d.ts':
        '/** The words of a browser type. */\nexport declare const a: 1;',
    })
    expect(toPlaces(await readCorpus({ root }))).toEqual(['a README.md'])
  })

  it('reads a nested package only if its version is another one, and then only what differs', async () => {
    const root = await createProject({
      'node_modules/a/package.json': manifest('a'),
      'node_modules/a/README.md': 'What a is for.',
      'node_modules/b/package.json': manifest('b'),
      'node_modules/b/node_modules/a/package.json': manifest('a'),
      'node_modules/b/node_modules/a/README.md': 'A copy that somebody changed.',
      'node_modules/c/package.json': manifest('c'),
      'node_modules/c/node_modules/a/package.json': manifest('a', '2.0.0'),
      'node_modules/c/node_modules/a/README.md': '# New\n\nWhat a version two is for.',
    })
    expect((await readCorpus({ root })).map(({ text }) => text)).toEqual([
      'What a is for.',
      'What a version two is for.',
    ])
  })

  it('follows a link inside of the project, and never out of it or in a circle', async () => {
    const outside = await createProject({ 'README.md': 'Words from outside.' })
    const root = await createProject({
      'node_modules/.pnpm/a@1/node_modules/a/package.json': manifest('a'),
      'node_modules/.pnpm/a@1/node_modules/a/README.md': 'What a is for.',
      'node_modules/a': '-> node_modules/.pnpm/a@1/node_modules/a',
      'node_modules/.pnpm/a@1/node_modules/a/docs/again':
        '-> node_modules/.pnpm/a@1/node_modules/a',
    })
    await symlink(outside, join(root, 'node_modules/out'))
    expect(toPlaces(await readCorpus({ root }))).toEqual(['a README.md'])
  })

  it('reads any folder of Markdown, and nothing else then', async () => {
    const root = await createProject({
      'notes/one.md': 'One note of mine.',
      'notes/tests/CHANGELOG.md': 'Chosen by hand, so it is read.',
      'notes/node_modules/a/README.md': 'Never read from here.',
      'node_modules/a/README.md': 'Not asked for.',
    })
    expect(toPlaces(await readCorpus({ root, docs: join(root, 'notes') }))).toEqual([
      'notes one.md',
      'notes tests/CHANGELOG.md',
    ])
  })

  it('says in one line what is wrong with a folder', async () => {
    const root = await createProject({
      'file.md': 'Words in a file.',
      'empty/a.txt': 'a',
    })
    const read = (docs: string): Promise<unknown> => readCorpus({ root, docs: join(root, docs) })
    await expect(read('nowhere')).rejects.toThrow(/^There is no folder .*nowhere: .*--docs\.$/)
    await expect(read('file.md')).rejects.toThrow(/file\.md is not a folder: .*$/)
    await expect(read('empty')).rejects.toThrow(
      /^There is no Markdown file \(\.md\) in .*empty or below it\.$/,
    )
  })
})
