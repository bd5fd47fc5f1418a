import { many } from '../load/many.ts'
import { CLIENT_CPU, cost, inRounds, withClient, type Scenario } from './scenario.ts'

const RATE = 50
const MOST_P99_MS = 50
const STEP = 1.2
/** Whatever else the machine does can only make a step fail, never hold. */
const TRIES = 3

export const held: Scenario = {
  name: 'held',
  title: `Streams that one core holds at ${RATE} tokens a second`,
  what: `The most streams with p99 ≤ ${MOST_P99_MS} ms and nine tokens of ten delivered, looked for upward in steps of ${Math.round(STEP * 100 - 100)} %; a step that fails is tried ${TRIES} times.`,
  figures: {
    streams: {
      title: 'streams held',
      ratio: true,
      notShown: 'it moves in steps, and anything else that the machine does moves it, too.',
    },
    p99: { title: 'p99 there', unit: 'ms', notShown: 'a network.' },
    clientCpu: CLIENT_CPU,
  },
  run(run) {
    const n = run.quick ? 100 : 500
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: [
          'raw',
          'stream-sse',
          'datastar',
          'better-sse',
          'ai-sdk',
          'swapstream',
          'swapstream-token',
        ],
        cases: [`N = ${n}`],
        rounds: run.quick ? 1 : run.rounds,
        fresh: true,
      },
      async (server) => {
        // A light load warms the server up and says where to begin.
        const calm = await cost(server, () => many(server.port, 20, n, RATE))
        const capacity = 1e6 / (calm.cpuUs / calm.out.tokens) / RATE
        let best = { streams: 0, p99: calm.out.p99, clientCpu: calm.clientCpu }
        for (let streams = capacity * 0.3, misses = 0; misses < 2;) {
          const size = Math.max(5, Math.round(streams))
          const { out, clientCpu } = await cost(server, () => many(server.port, size, n, RATE))
          if (out.p99 <= MOST_P99_MS && out.delivered >= 0.9) {
            best = { streams: size, p99: out.p99, clientCpu }
            streams *= STEP
            misses = 0
          } else if (++misses === TRIES && best.streams === 0 && size > 5) {
            streams /= 2
            misses = 0
          }
        }
        return withClient({ streams: best.streams, p99: best.p99 }, best.clientCpu)
      },
    )
  },
}
