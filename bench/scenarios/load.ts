import { many } from '../load/many.ts'
import { CLIENT_CPU, cost, inRounds, rehearse, withClient, type Scenario } from './scenario.ts'

export const load: Scenario = {
  name: 'load',
  title: 'Many streams at 50 tokens a second',
  what: 'Answers of 500 tokens, all at once, each on a schedule of its own that waits for nobody.',
  figures: {
    cpuUs: {
      title: 'CPU a token',
      unit: 'µs',
      ratio: true,
      notShown: 'a server with more or less to do: some costs are shared when the loop is busy.',
    },
    p50: {
      title: 'p50',
      unit: 'ms',
      notShown: 'a network, and the browser that draws it.',
    },
    p99: {
      title: 'p99',
      unit: 'ms',
      notShown: 'from when a token was due to its arrival; a frame clock waits on purpose.',
    },
    clientCpu: CLIENT_CPU,
  },
  run(run) {
    const sizes = run.quick ? [30] : [150, 600]
    const n = run.quick ? 100 : 500
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: [
          'raw',
          'raw-thirds',
          'source',
          'stream-sse',
          'datastar',
          'better-sse',
          'swapstream',
          'swapstream-token',
          'swapstream-100ms',
        ],
        cases: sizes.map((streams) => `${streams} streams`),
        rounds: run.rounds,
      },
      async (server, at, rehearsal) => {
        if (rehearsal) await rehearse(server, run)
        const streams = Number.parseInt(at, 10)
        const { out, cpuUs, clientCpu } = await cost(server, () => many(server.port, streams, n))
        if (out.delivered < 1)
          throw new Error(`${server.rival} delivered ${Math.floor(out.delivered * 100)} %.`)
        return withClient({ cpuUs: cpuUs / out.tokens, p50: out.p50, p99: out.p99 }, clientCpu)
      },
    )
  },
}
