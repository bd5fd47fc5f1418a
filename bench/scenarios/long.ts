import { CPU_A_TOKEN, P99, underLoad } from './scenario.ts'

/** Tokens of each answer that are waited for: a part of it. */
const PART = 200
const SIZES: Readonly<Record<string, number>> = { 'N = 500': 500, 'N = 8000': 8000 }

export const long = underLoad({
  name: 'long',
  title: 'Long answers',
  what: `A hundred answers at 50 tokens a second and default frames. An answer of 8,000 tokens takes 160 s at that speed; so each client reads ${PART} tokens of its answer, and the beginnings of these parts are spread evenly over the whole. What came before is there at once, in the first frame.`,
  figures: { cpuUs: CPU_A_TOKEN, p99: P99 },
  rivals: ['raw', 'stream-sse', 'swapstream'],
  cases: () => Object.keys(SIZES),
  load(at, { quick }) {
    const [streams, tokens] = quick ? [20, 50] : [100, PART]
    const last = SIZES[at]! - tokens
    return { streams, tokens, headOf: (client) => Math.round((last * client) / (streams - 1)) }
  },
  figuresOf: ({ out, cpuUs }) => ({ cpuUs: cpuUs / out.tokens, p99: out.p99 }),
})
