import {
  CLIENT_CPU,
  inRounds,
  loaded,
  P99,
  rehearsed,
  withClient,
  type Scenario,
} from './scenario.ts'

/** What is written, and the block that shows it. */
export const WRITTEN = { 'plain text': 'answer', Markdown: 'markdown' } as const

export const subscribers: Scenario = {
  name: 'subscribers',
  title: 'Many subscribers of one answer',
  what: 'A thousand clients read 200 tokens at 50 a second: each an answer of its own, or all of them the same one, kept as a run.',
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
    clientCpu: CLIENT_CPU,
  },
  run(run) {
    const streams = run.quick ? 50 : 1000
    const tokens = run.quick ? 50 : 200
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: ['swapstream', 'swapstream-run'],
        cases: Object.keys(WRITTEN),
        rounds: run.rounds,
      },
      async (server, at, rehearsal) => {
        const together = server.rival === 'swapstream-run'
        const template = WRITTEN[at as keyof typeof WRITTEN]
        const asked = { streams, tokens, together, template }
        if (rehearsal) return rehearsed(server, asked, run)
        await server.tell('sources')
        const { out, cpuUs, clientCpu } = await loaded(server, asked)
        const { endedAt } = await server.tell('sources')
        return withClient(
          { cpuMs: cpuUs / 1000 / streams, p99: out.p99, sources: endedAt.length },
          clientCpu,
        )
      },
    )
  },
}
