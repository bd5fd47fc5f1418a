import { describe, expect, it } from 'vitest'
import { followUps, nearMisses, suggestions } from '../../../examples/ask/follow-ups.ts'
import { SearchIndex } from '../../../examples/ask/search-index.ts'

/** An index of sections that are found by their headings. */
function toIndex(...rows: [heading: string, name?: string, file?: string][]): SearchIndex {
  const index = new SearchIndex()
  for (const [heading, name = 'tea', file = 'README.md'] of rows)
    index.add({ package: name, file, heading, text: `All about ${heading} stands here.` })
  return index
}

const after = (index: SearchIndex, ...ids: number[]): string[] => {
  const asked = index.understand('tea')
  const hits = index.search(asked, 100)
  const chosen = ids.map((id) => hits.find(({ passage }) => passage.id === id)!)
  return followUps(chosen, index, 3)
}

describe('questions to go on with', () => {
  it('are about what stands beside the sources, nearest first, one beside each', () => {
    const index = toIndex(['Brewing tea'], ['Pouring tea'], ['Stirring tea'], ['Cups of tea'])
    expect(after(index, 0)).toEqual(['Pouring tea'])
    expect(after(index, 1, 3)).toEqual(['Stirring tea', 'Brewing tea'])
  })

  it('are never about a source, another file, the same thing twice, or a heading that says nothing', () => {
    const index = toIndex(
      ['Brewing tea'],
      ['Options'],
      ['tea'],
      ['The'],
      ['A'.repeat(80)],
      ['Cups of tea', 'tea', 'other.md'],
      ['Lids', 'pots'],
    )
    expect(after(index, 0)).toEqual([])
    expect(after(index)).toEqual([])
  })
})

describe('questions to begin with', () => {
  it('are from all over the documents, each answered by the section it is about', () => {
    const names = ['Brewing', 'Pouring', 'Stirring', 'Cleaning', 'Drinking', 'Storing']
    const index = toIndex(...names.map((name): [string] => [name]))
    expect(suggestions(index, 3)).toEqual(['Brewing in tea', 'Stirring in tea', 'Drinking in tea'])
    expect(suggestions(index, 9).length).toBeLessThanOrEqual(6)
    expect(suggestions(toIndex(['Options']), 2)).toEqual([])
  })
})

describe('questions that were perhaps meant', () => {
  it('have slips put right, and are about headings that share a word', () => {
    const index = toIndex(['Brewing'], ['Pouring'])
    const asked = index.understand('Brewign a hippopotamus?')
    expect(nearMisses(asked, index.search(asked))).toEqual([
      'brewing a hippopotamus?',
      'Brewing in tea',
    ])
    const nothing = index.understand('the price of gold')
    expect(nearMisses(nothing, index.search(nothing))).toEqual([])
  })
})
