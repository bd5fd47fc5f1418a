/** Starts a rival on a free port of this machine and says which. */
export type Listen = (ready: (port: number) => void) => void

/** What is measured: one file each in `rivals/`, all behind the same address, with the same tokens and the same markup. */
export const RIVALS = {
  raw: '`res.write` of `node:http` with deltas encoded before the request: the least (a)',
  'stream-sse': "Hono's `streamSSE`, the nunjucks block rendered and sent again at each token (b)",
  datastar: 'the Datastar SDK for Node, the block patched at each token',
  'better-sse': 'better-sse on `node:http`, the block pushed at each token',
  'ai-sdk': "the AI SDK's UI message stream with its mock model: JSON deltas, no HTML",
  swapstream: 'swapstream with its default settings',
  'swapstream-run': 'swapstream with its default settings, all clients subscribers of one run',
  'swapstream-token': 'swapstream with `frameMs: 0`: a frame a token, where frames are counted',
  'swapstream-literal':
    "swapstream with `frameMs: 0, updates: 'full'`: the whole block at each token",
} as const

export type Rival = keyof typeof RIVALS
