import { median } from '../report/results.ts'
import {
  CLIENT_CPU,
  cost,
  inRounds,
  REHEARSAL_MS,
  whole,
  withClient,
  type Scenario,
} from './scenario.ts'

export const answer: Scenario = {
  name: 'answer',
  title: 'One answer, one write a token',
  what: 'One client reads one answer after the other. Each token comes in its own turn of the event loop, so whoever does not wait writes each by itself. The client looks for bytes every 2 ms, so that no write has to wake it.',
  figures: {
    cpuUs: {
      title: 'CPU a token',
      unit: 'µs',
      ratio: true,
      notShown:
        'user and system time of the server process, sources and opening included, the kernel behind the socket only as far as it is billed to the process. With a frame clock (`swapstream`) hundreds of these tokens share a frame, which no model writes: judge frames by `load`.',
    },
    bytes: {
      title: 'bytes an answer',
      ratio: true,
      notShown:
        'the body with the framing of its chunks; headers, TCP and compression are left out.',
    },
    firstMs: {
      title: 'first fragment',
      unit: 'ms',
      ratio: true,
      notShown: 'from the request to the first token, connection included, without a network.',
    },
    clientCpu: CLIENT_CPU,
  },
  run(run) {
    const sizes = run.quick ? [100, 500] : [100, 500, 2000, 8000]
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
          'swapstream-literal',
        ],
        cases: sizes.map((n) => `N = ${n}`),
        rounds: run.rounds,
      },
      async (server, at, rehearsal) => {
        const n = Number(at.slice(4))
        const firsts: number[] = []
        let bytes = 0
        const { cpuUs, clientCpu } = await cost(server, async () => {
          const until = performance.now() + (run.quick ? 100 : rehearsal ? REHEARSAL_MS : 500)
          do {
            const seen = await whole(server, { n, source: 'macrotask' }, { everyMs: 2 })
            bytes = seen.bytes
            firsts.push(seen.firstAt - seen.askedAt)
          } while (performance.now() < until)
        })
        return withClient(
          { cpuUs: cpuUs / n / firsts.length, bytes, firstMs: median(firsts) },
          clientCpu,
        )
      },
    )
  },
}
