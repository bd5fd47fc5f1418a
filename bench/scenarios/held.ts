import { many } from '../load/many.ts'
import { CLIENT_CPU, cost, inRounds, rehearse, withClient, type Scenario } from './scenario.ts'

const RATE = 50
const MOST_P99_MS = 50
const STEP = 1.2
const HALF_STEP = 1.1
/** Whatever else the machine does can only make a step fail, never hold. */
const TRIES = 3

export const held: Scenario = {
  name: 'held',
  title: `Streams that one core holds at ${RATE} tokens a second`,
  what: `The most streams with p99 ≤ ${MOST_P99_MS} ms and nine tokens of ten delivered, looked for upward in steps of ${Math.round(STEP * 100 - 100)} %, at last of half as much; a step that fails is tried ${TRIES} times.`,
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
        await rehearse(server, run)
        const calm = await cost(server, () => many(server.port, 20, n, RATE))
        let best = { streams: 0, p99: calm.out.p99 }
        let { clientCpu } = calm
        const holds = async (size: number): Promise<boolean> => {
          const streams = Math.round(size)
          for (let tries = 0; tries < TRIES; tries++) {
            const { out, ...spent } = await cost(server, () => many(server.port, streams, n, RATE))
            if (out.p99 > MOST_P99_MS || out.delivered < 0.9) continue
            best = { streams, p99: out.p99 }
            clientCpu = spent.clientCpu
            return true
          }
          return false
        }
        // A light load says where to begin.
        let size = (1e6 / (calm.cpuUs / calm.out.tokens) / RATE) * 0.3
        while (size > 5 && !(await holds(size))) size /= 2
        while (await holds(size * STEP)) size *= STEP
        await holds(size * HALF_STEP)
        return withClient(best, clientCpu)
      },
    )
  },
}
