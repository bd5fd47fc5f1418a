import { createExtractive } from '../../examples/ask/extractive.ts'
import { toPassages, type Passage } from '../../examples/ask/passages.ts'
import { createRetriever, type Retriever } from '../../examples/ask/retriever.ts'
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
export async function sampleCorpus(
  tokensPerSecond: number,
): Promise<{ retrieve: Retriever; answerer: Answerer }> {
  const passages: Passage[] = Object.entries(FILES)
    .flatMap(([name, text]) => toPassages(text, { package: name, file: 'README.md' }))
    .map((passage, id) => ({ ...passage, id }))
  const retrieve = await createRetriever(passages)
  return { retrieve, answerer: createExtractive(retrieve, { tokensPerSecond }) }
}
