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

/** Blocks that the first edition sent whole in each frame. */
export const SENT_WHOLE = ['ellipsis', 'counter', 'loop'] as const
const AS_WRITTEN = 'answer'

export const load: Scenario = {
  name: 'load',
  title: 'Many streams at 50 tokens a second',
  what: 'Six hundred answers of 250 tokens at once, each on a schedule of its own that waits for no server. `answer` is the template of a chat, sent with `streamToFragments`. `ellipsis` (`{{ text }}…`), `counter` (`{{ text.length }}` beside the text) and `loop` (over the messages of a conversation) are generators written by hand.',
  figures: {
    cpuUs: CPU_A_TOKEN,
    bytes: {
      title: 'bytes a token',
      ratio: true,
      notShown:
        'the body with the framing of its chunks; headers, TCP and compression are left out.',
    },
    p50: { title: 'p50', unit: 'ms', notShown: P99.notShown },
    p99: P99,
    clientCpu: CLIENT_CPU,
  },
  run(run) {
    const streams = run.quick ? 30 : 600
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: ['raw', 'stream-sse', 'datastar', 'swapstream'],
        cases: [AS_WRITTEN, ...SENT_WHOLE],
        rounds: run.rounds,
      },
      async (server, template, rehearsal) => {
        // It knows one template only.
        if (server.rival === 'datastar' && template !== AS_WRITTEN) return {}
        const asked = { streams, tokens: run.quick ? 50 : 250, template }
        if (rehearsal) return rehearsed(server, asked, run)
        const { out, cpuUs, clientCpu } = await loaded(server, asked)
        const { p50, p99 } = out
        return withClient(
          { cpuUs: cpuUs / out.tokens, bytes: out.bytes / out.tokens, p50, p99 },
          clientCpu,
        )
      },
    )
  },
}
