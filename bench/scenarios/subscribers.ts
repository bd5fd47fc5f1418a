import { P99, underLoad } from './scenario.ts'

/** What is written, and the block that shows it. */
export const WRITTEN = { 'plain text': 'answer', Markdown: 'markdown' } as const

export const subscribers = underLoad({
  name: 'subscribers',
  title: 'Many subscribers of one answer',
  what: 'A thousand clients read 200 tokens at 50 a second: each an answer of its own, or all of them the same one, a run.',
  base: 'swapstream',
  figures: {
    cpuMs: {
      title: 'CPU a client',
      unit: 'ms',
      ratio: true,
      notShown: 'a network, and subscribers that come late or in between.',
    },
    p99: P99,
    sources: { title: 'sources', notShown: 'it counts how often the model was asked.' },
  },
  rivals: ['swapstream', 'swapstream-run'],
  cases: () => Object.keys(WRITTEN),
  load: (at, { quick }, rival) => ({
    streams: quick ? 50 : 1000,
    tokens: quick ? 50 : 200,
    together: rival === 'swapstream-run',
    template: WRITTEN[at as keyof typeof WRITTEN],
  }),
  figuresOf: ({ out, cpuUs, load, sources }) => ({
    cpuMs: cpuUs / 1000 / load.streams,
    p99: out.p99,
    sources,
  }),
})
