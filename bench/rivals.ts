/** Starts a rival on a free port of this machine and says which. */
export type Listen = (ready: (port: number) => void) => void

/** Who is measured: one file each in `rivals/`, all behind the same address, with the same tokens and the same markup. */
export const RIVALS = {
  raw: '`res.write` of `node:http` with deltas encoded before the request: the floor (a)',
  'raw-thirds': 'raw, with three tokens in a write, as a frame of 60 ms has them',
  source:
    'reads the model and sends what it said at the end: what no server of tokens can be below',
  'stream-sse': "Hono's `streamSSE`, the nunjucks block drawn and sent again at each token (b)",
  datastar: 'the Datastar SDK for Node, the block patched at each token',
  'better-sse': 'better-sse on `node:http`, the block pushed at each token',
  'ai-sdk': "the AI SDK's UI message stream with its mock model: JSON deltas, no HTML",
  swapstream: 'swapstream with its default settings',
  'swapstream-run': 'swapstream, everybody a viewer of one run',
  'swapstream-token': 'swapstream with `frameMs: 0`: one write a token, new text alone',
  'swapstream-100ms': 'swapstream with `frameMs: 100`',
  'swapstream-literal':
    "swapstream with `frameMs: 0, delivery: 'full'`: each token, the whole block",
} as const

export type Rival = keyof typeof RIVALS
