import { beforeAll, describe, expect, it } from 'vitest'
import { readCorpus } from '../../../examples/ask/corpus.ts'
import {
  covers,
  createExtractive,
  extract,
  refusal,
  toSources,
} from '../../../examples/ask/extractive.ts'
import type { Passage } from '../../../examples/ask/passages.ts'
import { createRetriever, type Retriever } from '../../../examples/ask/retriever.ts'

const root = process.cwd()
let passages: Passage[]
let retrieve: Retriever

/**
 * The SDKs of models, which other tests need: their examples speak of everything, capitals included. So do those of
 * remend, which completes a joke.
 */
const OF_MODELS = /^(?:openai|remend|ollama|zod|langsmith|@langchain\/core|@anthropic-ai\/sdk)$/

// The packages that are installed here: the input that the demo is for.
beforeAll(async () => {
  passages = (await readCorpus({ root }))
    .filter(({ package: name }) => !OF_MODELS.test(name))
    .map((passage, id) => ({ ...passage, id }))
  retrieve = await createRetriever(passages)
})

/** The answer as its reader sees it, with its code as it stands in a passage. */
function ask(question: string): string | undefined {
  return seen(extract(question, toSources(retrieve(question, 6)), retrieve))
}
function seen(markdown: string | undefined): string | undefined {
  return markdown
    ?.replace(/^(`{3,})\w*\n([^]*?)\n\1$/gm, (_, _mark, code: string) =>
      code.replace(/^(?=.)/gm, '    '),
    )
    .replace(/^(?! {4}).*$/gm, (line) => line.replace(/\\([\\`*_[\]<>&~"])/g, '$1'))
}

describe('toSources', () => {
  it('numbers hits from 1 and shows prose, cut between words, as snippet', () => {
    const text = `    code()\n\n${'Words of prose. '.repeat(30)}`
    const passage: Passage = { id: 0, package: 'a', file: 'b.md', heading: 'c', text }
    const [first, second] = toSources([
      { passage, score: 4 },
      { passage, score: 2 },
    ])
    expect(first).toMatchObject({ number: 1, package: 'a', file: 'b.md', heading: 'c', match: 1 })
    expect(second).toMatchObject({ number: 2, match: 0.5 })
    expect(first?.snippet).toMatch(/^Words of prose\. .* …$/)
    expect(first?.snippet.length).toBeLessThanOrEqual(202)
    expect(toSources([])).toEqual([])
  })
})

describe('extract', () => {
  it.each([
    ['how do I read a query parameter in hono?', /can get querystring parameters/, 'hono'],
    ['how do I set a cookie in hono?', /setCookie/, 'hono'],
    ['how to mock a module in vitest?', /Mocks every import call to the module/, 'vitest'],
    ['fuzzy search with minisearch', /fuzzy search is performed/, 'minisearch'],
    ['fuzzy serach with minisaerch', /fuzzy search/, 'minisearch'],
    ['how do I read a file in node?', /reads the entire contents of a file/, '@types/node'],
    ['which license is hono under?', /MIT License/, 'hono'],
  ])('answers “%s”', (question, quoted, name) => {
    const answer = ask(question)
    expect(answer).toMatch(quoted)
    expect(answer).toMatch(/^Quoted from the documentation of .+:\n\n/)
    expect(answer?.split('\n')[0]).toContain(name)
  })

  it.each([
    'quantum chromodynamics recipe',
    'what is the capital of France?',
    'how do I bake bread with hono?',
    'who won the world cup in 2022?',
    'how do I train a neural network in pytorch?',
    'how to cook spaghetti carbonara',
    'what is the meaning of life',
    'tell me a joke',
    'how do I?',
    '',
    '<marquee>zebra</marquee> 💥',
  ])('refuses “%s”', (question) => {
    expect(ask(question)).toBeUndefined()
  })

  it('quotes word for word, and marks each quote with the number of its source', () => {
    for (const question of [
      'how to mock a module in vitest?',
      'compare two semver versions',
      'what is hx-swap?',
    ]) {
      const sources = toSources(retrieve(question, 6))
      const paragraphs = ask(question)!.split('\n\n').slice(1)
      let source = sources[0]!
      for (const paragraph of paragraphs) {
        const mark = /\[(\d)\]:?$/.exec(paragraph)
        if (mark) source = sources[Number(mark[1]) - 1]!
        const quotes = mark
          ? [...paragraph.matchAll(/“(.+?)”(?= (?:“|\[\d\]$))/g)].map(([, text]) => text!)
          : [paragraph]
        for (const quote of quotes) expect(source.text).toContain(quote)
      }
    }
  })

  it('is short, and never says the same twice', () => {
    for (const question of [
      'what is hono?',
      'how do I set a TTL in an LRU cache?',
      'read a file in node',
    ]) {
      const answer = ask(question)!
      const quotes = [...answer.matchAll(/“(.+?)”/g)].map(([quote]) => quote)
      expect(quotes.length).toBeLessThanOrEqual(5)
      expect(new Set(quotes).size).toBe(quotes.length)
      expect(answer.length).toBeLessThan(4_000)
    }
  })

  it('does not quote a number in brackets, which would look like a mark of ours', async () => {
    const text =
      'The zebra stripes are counted in list[1] of them. The zebra stripes are black and white.'
    const own = await createRetriever([{ id: 0, package: 'zoo', file: 'a.md', heading: 'b', text }])
    const sources = toSources([
      { passage: { id: 0, package: 'zoo', file: 'a.md', heading: 'b', text }, score: 1 },
    ])
    const weights = { ...own, idf: () => 1, size: 1, terms: own.terms }
    expect(seen(extract('zebra stripes', sources, weights))).toBe(
      'Quoted from the documentation of zoo:\n\n“The zebra stripes are black and white.” [1]',
    )
  })

  it('covers nothing with no sources', () => {
    expect(covers('how do I mock a module?', [], retrieve)).toBe(false)
  })
})

describe('createExtractive', () => {
  it('is no model, and writes the quotes or the refusal', async () => {
    const answerer = createExtractive(retrieve, { tokensPerSecond: 0 })
    expect(answerer).toMatchObject({ name: 'extractive', model: false })
    const { signal } = new AbortController()
    for (const question of ['how to mock a module in vitest?', 'quantum chromodynamics recipe']) {
      let text = ''
      for await (const word of answerer.answer(question, toSources(retrieve(question, 6)), signal))
        text += word
      expect(seen(text)).toBe(ask(question) ?? seen(refusal(question, retrieve.size)))
    }
  })
})

describe('refusal', () => {
  it('says how much was searched, and what for, in one line and not endlessly', () => {
    expect(refusal('a\n  b', 14_853)).toMatch(
      /^Nothing in the 14,853 indexed passages covers “a b”\.\n\n/,
    )
    expect(refusal('x'.repeat(60_000), 1).length).toBeLessThan(400)
  })
})
