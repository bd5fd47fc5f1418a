import { median } from '../report/results.ts'
import { CLIENT_CPU, cost, inTurns, whole, withClient, type Run } from './scenario.ts'

/** A server that was started a second ago is still being compiled. */
const REHEARSAL_MS = 4_000

const tokensOf = ({ quick }: Run): number => (quick ? 500 : 2000)

export const speed = inTurns({
  name: 'speed',
  title: 'One stream at full speed',
  what: 'One client reads one answer after the other; the source has every token ready.',
  figures: {
    perSecond: {
      title: 'tokens a second',
      ratio: true,
      notShown:
        'no model is that fast: it is what is left of a core when a model is not waited for.',
    },
    firstMs: {
      title: 'first fragment',
      unit: 'ms',
      ratio: true,
      notShown:
        'a server that never yields to the event loop sends nothing before all is rendered.',
    },
    clientCpu: CLIENT_CPU,
  },
  rivals: [
    'raw',
    'stream-sse',
    'datastar',
    'better-sse',
    'ai-sdk',
    'swapstream',
    'swapstream-literal',
  ],
  cases: (run) => [`N = ${tokensOf(run)}`],
  async measure(server, _, run, rehearsal) {
    const n = tokensOf(run)
    const firsts: number[] = []
    const speeds: number[] = []
    const { clientCpu } = await cost(server, async () => {
      const until = performance.now() + (run.quick ? 100 : rehearsal ? REHEARSAL_MS : 500)
      do {
        const { askedAt, firstAt, lastAt } = await whole(server, { n, source: 'microtask' })
        firsts.push(firstAt - askedAt)
        speeds.push((n / (lastAt - askedAt)) * 1000)
      } while (performance.now() < until)
    })
    return withClient({ perSecond: median(speeds), firstMs: median(firsts) }, clientCpu)
  },
})
