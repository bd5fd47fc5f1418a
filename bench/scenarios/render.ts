import nunjucks from 'nunjucks'
import { nunjucksEngine } from 'swapstream'
import { Results } from '../report/results.ts'
import { CHAT, CONTEXT, prose } from '../task/chat.ts'
import type { Scenario } from './scenario.ts'

const escape = (nunjucks.lib as unknown as { escape(text: string): string }).escape
const engine = nunjucksEngine({ templates: CHAT })

const literal = (text: string): string =>
  `<article id="${escape(CONTEXT.id)}" class="bubble bot"><h3>Bot</h3><p>${escape(text)}</p></article>`

const sizes = { '100 B': 100, '1 KB': 1000, '10 KB': 10_000, '100 KB': 100_000 }
const CHARS_A_ROUND = 1e6
/** What is rendered is used, or the engine would leave it out. */
let rendered = 0

function time(draw: () => string, times: number): number {
  const startedAt = performance.now()
  for (let at = 0; at < times; at++) rendered += draw().length
  return ((performance.now() - startedAt) / times) * 1000
}

export const render: Scenario = {
  name: 'render',
  title: 'One render of a block',
  what: 'The same block as an open one renders it, with more and more text, in one process and without a server. The literal is a template literal with nunjucks’ own escape: the least that a full render can cost.',
  base: 'literal',
  figures: {
    us: {
      title: 'a render',
      unit: 'µs',
      ratio: true,
      notShown: 'the difference to the render before, encoding and the socket.',
    },
  },
  async run(run) {
    const block = await engine.open('chat.html', 'answer', CONTEXT)
    const opened = (text: string): string => {
      const html = block.render({ text })
      if (typeof html !== 'string') throw new Error('The block waits for something.')
      return html
    }
    const results = new Results()
    for (const [size, chars] of Object.entries(sizes)) {
      const text = prose(chars)
      if (opened(text) !== literal(text)) throw new Error(`Rendered otherwise: ${opened(text)}`)
      const times = Math.ceil(CHARS_A_ROUND / (chars + 200))
      for (let round = 0; round < (run.quick ? 3 : 21); round++) {
        for (const [name, draw] of Object.entries({ literal, swapstream: opened })) {
          const us = time(() => draw(text), times)
          // The first rounds rehearse.
          if (round > 2 || run.quick) results.add(size, name, { us })
        }
      }
    }
    if (rendered < 0) throw new Error('Nothing was rendered.')
    return results
  },
}
