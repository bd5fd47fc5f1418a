import { CPU_A_TOKEN, P99, underLoad } from './scenario.ts'

/** Blocks that the first edition sent whole in each frame. */
export const SENT_WHOLE = ['ellipsis', 'counter', 'loop'] as const
const AS_WRITTEN = 'answer'

export const load = underLoad({
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
  },
  rivals: ['raw', 'stream-sse', 'datastar', 'swapstream'],
  cases: () => [AS_WRITTEN, ...SENT_WHOLE],
  load(template, { quick }, rival) {
    // It knows one template only.
    if (rival === 'datastar' && template !== AS_WRITTEN) return undefined
    return { streams: quick ? 30 : 600, tokens: quick ? 50 : 250, template }
  },
  figuresOf: ({ out: { tokens, bytes, p50, p99 }, cpuUs }) => ({
    cpuUs: cpuUs / tokens,
    bytes: bytes / tokens,
    p50,
    p99,
  }),
})
