import { inRounds, whole, type Scenario } from './scenario.ts'

export const bytes: Scenario = {
  name: 'bytes',
  title: 'Bytes of an answer at 50 tokens a second',
  what: 'One answer at the speed of a model.',
  figures: {
    bytes: {
      title: 'bytes an answer',
      ratio: true,
      notShown:
        'the body with the framing of its chunks; headers, TCP and compression are left out.',
    },
    aToken: { title: 'bytes a token', notShown: 'the same, divided by the tokens.' },
    writes: {
      title: 'reads',
      notShown: 'how often the client read; writes that arrive together are one.',
    },
  },
  run(run) {
    const n = run.quick ? 100 : 500
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: ['raw', 'stream-sse', 'swapstream', 'swapstream-token', 'swapstream-100ms'],
        cases: [`N = ${n}`],
        // The second answer is as long as the first.
        rounds: 1,
        fresh: true,
      },
      async (server) => {
        const seen = await whole(server, { n, source: 'paced', rate: 50 })
        return { bytes: seen.bytes, aToken: seen.bytes / n, writes: seen.reads }
      },
    )
  },
}
