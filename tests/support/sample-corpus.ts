import { createExtractive } from '../../examples/ask/extractive.ts'
import { toPassages } from '../../examples/ask/passages.ts'
import { SearchIndex } from '../../examples/ask/search-index.ts'
import type { Answerer } from '../../examples/ask/model.ts'

const FILES: Record<string, string> = {
  teapots: `# Teapots

A teapot keeps tea warm. The handle of a teapot stays cool because it is hollow inside.

## Cleaning

Clean a teapot with baking soda and warm water. Never put a silver teapot into the dishwasher, because the salt turns it dull.

## Pouring

Pour slowly, and hold the lid of the teapot with one finger. A spout with a sharp edge does not drip.
`,
  kettles: `# Kettles

A kettle boils water. Descale a kettle with vinegar once a month, and rinse it twice afterwards.

## Whistling

The whistle of a kettle sounds when steam leaves through two plates with a hole in each.
`,
}

/** A small documentation of two packages, searched and quoted by the demo's own parts. */
export function sampleCorpus(tokensPerSecond: number): { index: SearchIndex; answerer: Answerer } {
  const index = new SearchIndex()
  for (const [name, text] of Object.entries(FILES))
    for (const [n, passage] of toPassages(text, { package: name, file: 'README.md' }).entries())
      index.add({ ...passage, ...(n === 0 ? { about: name } : {}) })
  return { index, answerer: createExtractive(index, { tokensPerSecond }) }
}
