import {
  CLIENT_CPU,
  CPU_A_TOKEN,
  inRounds,
  loaded,
  P99,
  rehearsed,
  withClient,
  type Scenario,
} from './scenario.ts'

/** Tokens of each answer that are waited for: a part of it. */
const PART = 200
const SIZES: Readonly<Record<string, number>> = { 'N = 500': 500, 'N = 8000': 8000 }

export const long: Scenario = {
  name: 'long',
  title: 'Long answers',
  what: `A hundred answers at 50 tokens a second and default frames. An answer of 8,000 tokens takes 160 s at that speed; so each client reads ${PART} tokens of its answer, and the beginnings of these parts are spread evenly over the whole. What came before is there at once, in the first frame.`,
  figures: { cpuUs: CPU_A_TOKEN, p99: P99, clientCpu: CLIENT_CPU },
  run(run) {
    const streams = run.quick ? 20 : 100
    const tokens = run.quick ? 50 : PART
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: ['raw', 'stream-sse', 'swapstream'],
        cases: Object.keys(SIZES),
        rounds: run.rounds,
      },
      async (server, at, rehearsal) => {
        const last = SIZES[at]! - tokens
        const headOf = (client: number): number => Math.round((last * client) / (streams - 1))
        if (rehearsal) return rehearsed(server, { streams, tokens, headOf }, run)
        const { out, cpuUs, clientCpu } = await loaded(server, { streams, tokens, headOf })
        return withClient({ cpuUs: cpuUs / out.tokens, p99: out.p99 }, clientCpu)
      },
    )
  },
}
