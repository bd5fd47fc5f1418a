import { describe, expect, it } from 'vitest'
import type { Passage } from '../../../examples/ask/passages.ts'
import { createRetriever } from '../../../examples/ask/retriever.ts'

function toPassages(...rows: [name: string, heading: string, text: string][]): Passage[] {
  return rows.map(([name, heading, text], id) => ({
    id,
    package: name,
    file: 'README.md',
    heading,
    text,
  }))
}

const passages = toPassages(
  ['hono', 'Request › query', 'Reads the parameters of the query string.'],
  ['hono', 'Response › json', 'Sends a value as JSON.'],
  ['sade', 'Subcommands', 'A subcommand is defined and parsed like any other command.'],
  ['commander', 'Commands', 'You can define a subcommand with command or addCommand.'],
  ['environment', 'API', 'Tells in which runtime the code runs.'],
  [
    'vite',
    'Environment variables',
    'Environment variables are read from the file of the environment.',
  ],
  [
    'vite',
    'Environment modes',
    'The environment mode decides which variables of the environment are loaded.',
  ],
  ['vitest', 'mock', 'Mocks every import of a module.'],
)

describe('createRetriever', () => {
  it('finds a passage by other forms of its words', async () => {
    const retrieve = await createRetriever(passages)
    expect(retrieve('how do I read a query parameter?', 3)[0]?.passage.heading).toBe(
      'Request › query',
    )
    expect(retrieve('mocking modules', 3)[0]?.passage.package).toBe('vitest')
  })

  it('finds a name by its parts', async () => {
    const retrieve = await createRetriever(
      toPassages(['a', 'x', 'Call parseBody for it.'], ['b', 'y', 'Something else.']),
    )
    expect(retrieve('parse the body', 3)[0]?.passage.package).toBe('a')
  })

  it('prefers the package that the question names', async () => {
    const retrieve = await createRetriever(passages)
    expect(retrieve('define a subcommand in sade', 3)[0]?.passage.package).toBe('sade')
    expect(retrieve('define a subcommand in commander', 3)[0]?.passage.package).toBe('commander')
  })

  it('does not prefer a package whose name is a common word', async () => {
    const retrieve = await createRetriever(passages)
    expect(retrieve('where do environment variables come from?', 3)[0]?.passage.package).toBe(
      'vite',
    )
  })

  it('finds what is asked for with a slip of the fingers', async () => {
    const retrieve = await createRetriever(passages)
    expect(retrieve('how do I define a subcomand?', 3)).not.toEqual([])
    expect(retrieve.terms('paramaters')).toEqual(retrieve.terms('parameters'))
  })

  it('gives at most k hits, best first, and none for a question without a subject', async () => {
    const retrieve = await createRetriever(passages)
    const scores = retrieve('environment variables query command', 4).map(({ score }) => score)
    expect(scores).toHaveLength(4)
    expect(scores.toSorted((a, b) => b - a)).toEqual(scores)
    for (const question of ['', '???', 'how do I?', 'chromodynamics'])
      expect(retrieve(question, 4)).toEqual([])
  })

  it('weighs a rare term more than a common one, and one that is nowhere most', async () => {
    const { idf, size } = await createRetriever(passages)
    expect(size).toBe(passages.length)
    expect(idf('sade')).toBeGreaterThan(idf('environ'))
    expect(idf('nowher')).toBe(Math.log(size + 2))
  })

  it('tells how far it is, up to the end', async () => {
    const seen: number[] = []
    await createRetriever(passages, ({ indexed }) => seen.push(indexed))
    expect(seen).toEqual([0, passages.length])
    expect((await createRetriever([])).size).toBe(0)
  })
})
