import { many } from '../load/many.ts'
import { CLIENT_CPU, cost, inRounds, withClient, type Scenario } from './scenario.ts'

const RATE = 50
const TEXT = 'plain text'
const MARKDOWN = 'Markdown'

export const viewers: Scenario = {
  name: 'viewers',
  title: 'Many viewers of one answer',
  what: `A thousand readers at once. Everybody reads at ${RATE} tokens a second: an answer of his own, or all of them the same one, kept as a run.`,
  base: 'swapstream',
  figures: {
    cpuMs: {
      title: 'CPU a viewer',
      unit: 'ms',
      ratio: true,
      notShown: 'a network, and viewers who come late or in between.',
    },
    p99: {
      title: 'p99',
      unit: 'ms',
      notShown:
        'from when a token was due to its arrival; a busy process makes fewer frames on purpose.',
    },
    sources: { title: 'sources', notShown: 'it counts how often the model was asked.' },
    clientCpu: CLIENT_CPU,
  },
  run(run) {
    const streams = run.quick ? 50 : 1000
    const n = run.quick ? 50 : 1000
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: ['swapstream', 'swapstream-run'],
        cases: [TEXT, MARKDOWN],
        rounds: run.rounds,
      },
      async (server, at) => {
        await server.tell('sources')
        const together = server.rival === 'swapstream-run'
        const { out, cpuUs, clientCpu } = await cost(server, () =>
          many(server.port, streams, n, RATE, together, at === MARKDOWN),
        )
        const { endedAt } = await server.tell('sources')
        if (out.delivered < 1)
          throw new Error(`${server.rival} delivered ${Math.floor(out.delivered * 100)} %.`)
        return withClient(
          { cpuMs: cpuUs / 1000 / streams, p99: out.p99, sources: endedAt.length },
          clientCpu,
        )
      },
    )
  },
}
