import { beforeAll, describe, expect, it } from 'vitest'
import { listDocuments } from '../../../examples/ask/corpus.ts'
import { createExtractive, extract, refusal } from '../../../examples/ask/extractive.ts'
import { find } from '../../../examples/ask/find.ts'
import type { Passage } from '../../../examples/ask/passages.ts'
import { SearchIndex } from '../../../examples/ask/search-index.ts'
import { EXAMPLES } from '../../../examples/ask/follow-ups.ts'
import { toSources } from '../../../examples/ask/sources.ts'

const index = new SearchIndex()
/** The types of these are read, too: the guides of all others. */
const WITH_TYPES = /^(?:hono|vitest|@hono\/node-server)$/

// The packages that are installed here: the input that the demo is for.
beforeAll(async () => {
  const documents = await listDocuments({ root: process.cwd() })
  await index.fill(
    documents.filter(({ file, package: name }) => !file.endsWith('.ts') || WITH_TYPES.test(name)),
  )
})

/** The answer as its reader sees it, with its code as it stands in a passage. */
function ask(question: string, previous?: Parameters<typeof find>[1]): string | undefined {
  const found = find(question, previous, index)
  return seen(extract(found.question, found.sources))
}
function seen(markdown: string | undefined): string | undefined {
  return markdown
    ?.replace(/^(`{3,})\w*\n([^]*?)\n\1$/gm, (_, _mark, code: string) =>
      code.replace(/^(?=.)/gm, '    '),
    )
    .replace(/^(?! {4}).*$/gm, (line) =>
      line
        .replace(/\\([\\`*_[\]<>&~"])/g, '$1')
        .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
    )
}

describe('toSources', () => {
  it('numbers hits from 1 and shows prose, cut between words, as snippet', () => {
    const text = `    code()\n\n${'Words of prose. '.repeat(30)}`
    const passage: Passage = { id: 0, package: 'a', file: 'b.md', heading: 'c', text }
    const measured = { purpose: 0 } as never
    const [first, second] = toSources([
      { passage, score: 4, measured },
      { passage, score: 2, measured },
    ])
    expect(first).toMatchObject({ number: 1, package: 'a', file: 'b.md', heading: 'c', fit: 0 })
    expect(second).toMatchObject({ number: 2, fit: -2 })
    expect(first?.snippet).toMatch(/^Words of prose\. .* …$/)
    expect(first?.snippet.length).toBeLessThanOrEqual(202)
    expect(toSources([])).toEqual([])
  })
})

describe('an answer from the installed packages', () => {
  const RIGHT: Record<string, [quoted: RegExp, name: string]> = {
    'How do I read a query parameter in Hono?': [/can get querystring parameters/, 'hono'],
    'Fuzzy search with MiniSearch': [/[Ff]uzzy search/, 'minisearch'],
    'How do I mock a module in Vitest?': [/Mocks every import call to the module/, 'vitest'],
    'How does swapstream stop the model when the client disconnects?': [/disconnect/, 'swapstream'],
  }
  it.each(EXAMPLES)('is right for the suggestion “%s”', (question) => {
    const [quoted, name] = RIGHT[question]!
    expect(find(question, undefined, index).sources[0]!.package).toBe(name)
    expect(ask(question)).toMatch(quoted)
  })

  it.each([
    ['fuzzy serach with minisaerch', /uzzy search/, 'minisearch'],
    ['What is picomatch for?', /accurate glob matcher/, 'picomatch'],
    ['which package parses server-sent events?', /streaming parser/, 'eventsource-parser'],
    ['for which reasons can a stream end', /ends exactly once/, 'swapstream'],
  ])('answers “%s”', (question, quoted, name) => {
    const answer = ask(question)
    expect(answer).toMatch(quoted)
    expect(answer?.split('\n')[0]).toMatch(/^Quoted from the documentation of .+:$/)
    expect(answer?.split('\n')[0]).toContain(name)
  })

  it.each([
    'quantum chromodynamics recipe',
    'What is the capital of France?',
    'who won the world cup in 2022?',
    'how do I train a neural network in pytorch?',
    'how to cook spaghetti carbonara',
    'how do I?',
    '',
    '<marquee>zebra</marquee> 💥',
  ])('is refused for “%s”', (question) => {
    expect(find(question, undefined, index).sources).toEqual([])
  })

  it('quotes word for word, and marks each quote with the number of its source', () => {
    for (const question of ['how to mock a module in vitest?', 'compare two semver versions']) {
      const { sources } = find(question, undefined, index)
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
    for (const question of ['what is hono?', 'how do I set a TTL in an LRU cache?']) {
      const answer = ask(question)!
      const quotes = [...answer.matchAll(/“(.+?)”/g)].map(([quote]) => quote)
      expect(quotes.length).toBeLessThanOrEqual(5)
      expect(new Set(quotes).size).toBe(quotes.length)
      expect(answer.length).toBeLessThan(4_000)
    }
  })

  it('goes on with questions that are answered themselves', () => {
    const question = 'How do I read a query parameter in Hono?'
    const { sources, followUps } = find(question, undefined, index)
    expect(followUps.length).toBeGreaterThan(0)
    const previous = { question, answer: '', about: sources[0]!.package }
    for (const next of followUps) {
      expect(next).not.toBe(question)
      expect(find(next, previous, index).sources.length, next).toBeGreaterThan(0)
    }
  })

  it('understands a question that leans on the one before', () => {
    const previous = {
      question: 'How do I read a query parameter in Hono?',
      answer: '',
      about: 'hono',
    }
    const first = (question: string) => find(question, previous, index).sources[0]
    expect(first('What about cookies?')?.package).toBe('hono')
    expect(first('And a header?')?.package).toBe('hono')
    expect(first('How do I mock a module?')?.package).toBe('vitest')
    expect(first('How do I bake bread?')).toBeUndefined()
  })
})

describe('extract', () => {
  it('quotes short sentences with what completes them, and what a question asks for', () => {
    const own = new SearchIndex()
    const add = (text: string): void =>
      own.add({ package: 'zoo', file: 'a.md', heading: 'Options', text })
    add('host: the address of the zoo. Default: localhost.')
    add('The zoo host opens the gates and greets all visitors.')
    add('The host of the zoo sleeps 9 hours.')
    const answer = (text: string): string | undefined => {
      const question = own.understand(text)
      return seen(extract(question, toSources(own.search(question))))
    }
    expect(answer('default host of the zoo')).toContain(
      '“host: the address of the zoo. Default: localhost.”',
    )
    expect(answer('how long does the zoo host sleep?')).toContain('sleeps 9 hours')
  })

  it('does not quote a number in brackets, which would look like a mark of ours', () => {
    const own = new SearchIndex()
    const text =
      'The zebra stripes are counted in list[1] of them. The zebra stripes are black and white.'
    own.add({ package: 'zoo', file: 'a.md', heading: 'b', text })
    const question = own.understand('zebra stripes')
    expect(seen(extract(question, toSources(own.search(question))))).toBe(
      'Quoted from the documentation of zoo:\n\n“The zebra stripes are black and white.” [1]',
    )
  })

  it('is a refusal that offers what was perhaps meant, when nothing answers', async () => {
    const teas = new SearchIndex()
    teas.add({ package: 'tea', file: 'a.md', heading: 'Brewing', text: 'All about it.' })
    const { signal } = new AbortController()
    let text = ''
    const asked = 'Brewign for a hippopotamus?'
    for await (const word of createExtractive(teas, { tokensPerSecond: 0 }).answer(
      asked,
      [],
      signal,
    ))
      text += word
    expect(text).toContain('Did you mean “brewing for a hippopotamus?” or “Brewing in tea”?')
  })

  it('says nothing with no sources', () => {
    expect(extract(index.understand('how do I mock a module?'), [])).toBeUndefined()
  })
})

describe('createExtractive', () => {
  it('is no model, and writes the quotes, or the refusal', async () => {
    const answerer = createExtractive(index, { tokensPerSecond: 0 })
    expect(answerer).toMatchObject({ name: 'extractive', model: false })
    const { signal } = new AbortController()
    const write = async (question: string): Promise<string> => {
      let text = ''
      for await (const word of answerer.answer(question, [], signal)) text += word
      return text
    }
    const known = 'how to mock a module in vitest?'
    expect(seen(await write(known))).toBe(ask(known))
    expect(await write('quantum chromodynamics recipe')).toContain('Nothing in the')
  })
})

describe('refusal', () => {
  it('says how much was searched, what for, and what was perhaps meant, and not endlessly', () => {
    expect(refusal('a\n  b', 14_853, ['c', 'd'])).toMatch(
      /^Nothing in the 14,853 indexed passages covers “a b”\.\n\nDid you mean “c” or “d”\?\n\n/,
    )
    expect(refusal('x'.repeat(60_000), 1).length).toBeLessThan(400)
  })
})
