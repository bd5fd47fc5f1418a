import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listDocuments } from '../../../examples/ask/corpus.ts'
import { answers } from '../../../examples/ask/ranking.ts'
import { SearchIndex } from '../../../examples/ask/search-index.ts'

function toIndex(...rows: [name: string, heading: string, text: string, about?: string][]) {
  const index = new SearchIndex()
  for (const [name, heading, text, about] of rows)
    index.add({ package: name, file: 'README.md', heading, text, ...(about ? { about } : {}) })
  return index
}

const index = toIndex(
  ['hono', 'hono', 'A small web framework for any runtime.', 'hono, Web framework'],
  ['hono', 'Request › query', 'Reads the parameters of the query string.'],
  ['hono', 'Response › json', 'Sends a value as JSON.'],
  ['sade', 'Subcommands', 'A subcommand is defined and parsed like any other command.'],
  ['commander', 'Commands', 'You can define a subcommand with command or addCommand.'],
  ['environment', 'API', 'Tells in which runtime the code runs.'],
  ['vite', 'Environment variables', 'Environment variables are read from the environment file.'],
  ['vite', 'Environment modes', 'The environment mode decides which variables are loaded.'],
  ['vitest', 'mock', 'Mocks every import of a module.'],
  ['fast-check', 'fast-check', 'Property based testing.', 'fast-check, Property testing'],
  ['once', 'once', 'Only calls a function one time.', 'once, Run a function one time'],
)

const ask = (question: string, of = index) => of.search(of.understand(question))
const first = (question: string, of = index) => ask(question, of)[0]?.passage

describe('SearchIndex', () => {
  it('finds a passage by other forms of its words, and by other words for them', () => {
    expect(first('how do I read a query parameter?')?.heading).toBe('Request › query')
    expect(first('mocking modules')?.package).toBe('vitest')
    expect(first('how do I parse a query parameter?')?.heading).toBe('Request › query')
    const pots = toIndex(['a', 'x', 'The lid shows its colour.'], ['b', 'y', 'Something else.'])
    expect(first('color of the lid', pots)?.package).toBe('a')
  })

  it('finds a name by its parts', () => {
    const names = toIndex(['a', 'x', 'Call parseBody for it.'], ['b', 'y', 'Something else.'])
    expect(first('parse the body', names)?.package).toBe('a')
  })

  it('prefers the package that the question names', () => {
    expect(first('define a subcommand in sade')?.package).toBe('sade')
    expect(first('define a subcommand in commander')?.package).toBe('commander')
    expect(first('testing with fast check')?.package).toBe('fast-check')
  })

  it('does not prefer a package whose name is a common word', () => {
    expect(first('where do environment variables come from?')?.package).toBe('vite')
  })

  it.each(['What is hono?', 'hono', 'what is hono good for', 'hnoo'])(
    'answers “%s” with the beginning of the README',
    (question) => expect(first(question)?.text).toBe('A small web framework for any runtime.'),
  )

  it('knows a package whose name is a word of grammar', () => {
    expect(first('what does once do')?.package).toBe('once')
  })

  it('puts a slip of the fingers right, and says so', () => {
    const { corrected } = index.understand('how do I define a subcomand in commnader?')
    expect([...corrected]).toEqual([
      ['subcomand', 'subcommand'],
      ['commnader', 'commander'],
    ])
    expect(first('how do I define a subcomand in commnader?')?.package).toBe('commander')
  })

  it('gives the best first, at most as many as wanted, and none for a question without a subject', () => {
    const hits = index.search(index.understand('environment variables query command'), 4)
    const scores = hits.map(({ score }) => score)
    expect(scores).toHaveLength(4)
    expect(scores.toSorted((a, b) => b - a)).toEqual(scores)
    for (const question of ['', '???', 'how do I?']) expect(ask(question)).toEqual([])
  })

  it('does not search what examples have in quotation marks: that is data', () => {
    const data = toIndex(
      ['a', 'prompt', 'Sends a prompt.\n\n    send("What is the capital of France?")'],
      ['b', 'y', 'Something else.'],
    )
    expect(ask('capital of France', data)).toEqual([])
    expect(first('send', data)?.package).toBe('a')
  })

  it('tells what answers a question from what only shares a word with it', () => {
    const isAnswered = (question: string): boolean =>
      answers(index.understand(question), ask(question))
    expect(isAnswered('how do I read a query parameter in hono?')).toBe(true)
    expect(isAnswered('how do I mock a module in vitest?')).toBe(true)
    for (const question of [
      'which mode of transport is best for Rome?',
      'value of a used car',
      'asdf qwer',
      '',
    ])
      expect(isAnswered(question), question).toBe(false)
  })

  it('reads documents while it is asked, and says how far it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-'))
    try {
      for (const name of ['a', 'b', 'c'])
        writeFileSync(join(folder, `${name}.md`), `# ${name}\n\nThe ${name} is brewed hot.`)
      const teas = new SearchIndex()
      const filled = teas.fill(await listDocuments({ root: folder, docs: folder }))
      const seen: number[] = []
      for await (const read of teas.reading(new AbortController().signal)) seen.push(read)
      await filled
      expect(seen[0]).toBe(0)
      expect(teas.read).toBe(1)
      expect(ask('how hot is it brewed', teas)).toHaveLength(3)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('reads first what a question names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-'))
    try {
      const documents = Array.from({ length: 60 }, (_, n) => {
        const path = join(folder, `${n}.md`)
        writeFileSync(path, `Tea number ${n} is brewed hot.`)
        return { path, package: `green-tea${n}`, file: 'README.md', order: n }
      })
      const teas = new SearchIndex()
      const filled = teas.fill(documents)
      const isRead = teas.prefer('How hot is green tea50?')
      expect(teas.prefer('How hot is it?')).toBeUndefined()
      expect(isRead?.()).toBe(false)
      await filled
      expect(isRead?.()).toBe(true)
      const at = (name: string): number => teas.passages.findIndex((each) => each.package === name)
      // A few are on their way already.
      expect(at('green-tea50')).toBeLessThan(20)
      expect(at('green-tea51')).toBe(51)
      expect(teas.size).toBe(60)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
