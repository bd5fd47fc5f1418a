import { setTimeout as sleep } from 'node:timers/promises'
import { bearer, sequenced, stream } from 'swapstream'
import { z } from 'zod'
import { counted } from './counters.ts'

const words = (text: string): string[] => text.split(/(?<=\s)/)
const input = { json: z.object({ message: z.string().min(1) }) }

/** Repeats the words of a message, in the encoding `plain`. */
export const chat = stream(
  { path: '/seeds/ajolopy/chat', input, chunk: z.string() },
  async function* ({ json, signal }) {
    yield* counted(say(json.message, signal))
  },
)

/** The same for requests with the token. */
export const guarded = stream(
  {
    path: '/seeds/ajolopy/guarded',
    auth: true,
    guards: [bearer({ token: 'let-me-in' })],
    input,
    chunk: z.string(),
  },
  async function* ({ json, signal }) {
    yield* chat({ json, signal })
  },
)

/** A report of progress, then an address; `?bad=` makes it break its schemas. */
export const report = stream(
  {
    path: '/seeds/purista/report',
    input: {
      json: z.object({ pages: z.int().min(1).max(50) }),
      query: z.object({ bad: z.enum(['chunk', 'final']).optional() }),
    },
    chunk: z.object({ pct: z.number().max(100) }),
    final: z.object({ url: z.string().startsWith('/') }),
    encoding: sequenced,
  },
  async function* ({ json, query, signal }) {
    yield* counted(write(json.pages, query.bad === 'chunk', signal))
    return { url: query.bad === 'final' ? 'nowhere' : `/reports/${json.pages}` }
  },
)

async function* say(message: string, signal: AbortSignal): AsyncGenerator<string> {
  for (const word of words(message)) {
    await sleep(5, undefined, { signal })
    yield word
  }
}

async function* write(
  pages: number,
  tooMuch: boolean,
  signal: AbortSignal,
): AsyncGenerator<{ pct: number }> {
  for (let page = 1; page <= pages; page++) {
    await sleep(5, undefined, { signal })
    yield { pct: Math.round((100 * page) / pages) }
    if (tooMuch) yield { pct: 101 }
  }
}
