import { beforeAll, describe, expect, it } from 'vitest'
import { find } from '../../../examples/ask/find.ts'
import { followUps, topics } from '../../../examples/ask/follow-ups.ts'
import type { Passage } from '../../../examples/ask/passages.ts'
import { createRetriever, type Retriever } from '../../../examples/ask/retriever.ts'
import { readCorpus } from '../../../examples/ask/corpus.ts'

const passage = (id: number, heading: string, name = 'tea', file = 'README.md'): Passage => ({
  id,
  package: name,
  file,
  heading,
  text: '',
})
const hit = (at: Passage) => ({ passage: at, score: 1 })

describe('questions to go on with', () => {
  it('are about what stands beside the sources, nearest first, one beside each', () => {
    const passages = ['Tea › Brewing', 'Tea › Pouring tea', 'Tea › stir()', 'Tea › Cups'].map(
      (heading, id) => passage(id, heading),
    )
    expect(followUps([hit(passages[0]!)], passages, 3)).toEqual(['Pouring tea'])
    expect(followUps([hit(passages[1]!), hit(passages[3]!)], passages, 3)).toEqual([
      'What does stir() do in tea?',
      'Brewing in tea',
    ])
    expect(followUps([hit(passages[1]!), hit(passages[3]!)], passages, 1)).toHaveLength(1)
  })

  it('are never about a source, another file, the same thing twice, or a heading that says nothing', () => {
    const passages = [
      passage(0, 'Brewing'),
      passage(1, 'Brewing'),
      passage(2, 'Options'),
      passage(3, 'tea'),
      passage(4, 'The'),
      passage(5, 'A'.repeat(80)),
      passage(6, 'Cups', 'tea', 'other.md'),
      passage(7, 'Lids', 'pots'),
    ]
    expect(followUps([hit(passages[0]!)], passages, 3)).toEqual([])
    expect(followUps([], passages, 3)).toEqual([])
  })

  it('name things as people do', () => {
    const passages = [
      passage(0, 'x', '@types/node'),
      passage(1, 'Events (since version 2)', '@types/node'),
    ]
    expect(followUps([hit(passages[0]!)], passages, 3)).toEqual(['Events in node'])
  })
})

describe('questions to begin with', () => {
  it('are from all over the documents, each once', () => {
    const passages = Array.from({ length: 10 }, (_, id) => passage(id, `Part ${id >> 1}`))
    expect(topics(passages, 2)).toEqual(['Part 0 in tea', 'Part 3 in tea'])
    expect(topics(passages, 9)).toHaveLength(5)
    expect(topics([passage(0, 'Options')], 2)).toEqual([])
  })
})

describe('on the packages that are installed here', () => {
  let retrieve: Retriever
  beforeAll(async () => {
    retrieve = await createRetriever(await readCorpus({ root: process.cwd() }))
  })

  it('are there, and lead to an answer themselves', () => {
    for (const question of [
      'How do I read a query parameter in Hono?',
      'How do I mock a module in Vitest?',
      'compare two semver versions',
    ]) {
      const { sources, followUps: suggested } = find(question, undefined, retrieve)
      expect(suggested, question).toHaveLength(3)
      const previous = { question, answer: '', about: sources[0]!.package }
      for (const next of suggested) {
        const found = find(next, previous, retrieve)
        expect(found.sources.length, next).toBeGreaterThan(0)
        expect(next).not.toBe(question)
      }
    }
  })

  it('understand a question that leans on the one before', () => {
    const previous = {
      question: 'How do I read a query parameter in Hono?',
      answer: '',
      about: 'hono',
    }
    expect(find('What about cookies?', previous, retrieve).sources[0]!.package).toBe('hono')
    expect(find('And a header?', previous, retrieve).sources[0]!.heading).toContain('header')
    expect(find('How do I mock a module?', previous, retrieve).sources[0]!.package).toBe('vitest')
    expect(find('How do I bake bread?', previous, retrieve)).toEqual({ sources: [], followUps: [] })
  })
})
