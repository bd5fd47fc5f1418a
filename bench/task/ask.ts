import { sharedNow } from './clock.ts'
import { token } from './tokens.ts'

/**
 * How the tokens come: `microtask`, as fast as they are taken; `macrotask`, each in its own turn of the event loop, so
 * that two of them share a write only where the server waits; `paced`, `rate` a second on a schedule that waits for no
 * reader, as from a model; `idle`, one and then silence.
 */
export type Pace = 'microtask' | 'macrotask' | 'paced' | 'idle'

/** What a request asks of a rival; the same address for all of them. */
export interface Asked {
  /** Tokens of the whole answer. */
  readonly n: number
  /** So many of them come at once, in the first piece: a part of a long answer is measured. */
  readonly head: number
  readonly source: Pace
  readonly rate: number
  /** When the first token of a paced answer is due, on the shared clock. Default: now. */
  readonly startAt: number
  /** `answer`, or the name of a listed block. */
  readonly template: string
  /** Send a sign of life this often; 0 for never. */
  readonly heartbeatMs: number
}

export function path(asked: Partial<Asked>): string {
  const pairs = Object.entries(asked).map(([name, value]) => `${name}=${value}`)
  return `/answer?${pairs.join('&')}`
}

export function read(url: string): Asked {
  const query = new URL(url, 'http://bench').searchParams
  const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise)
  return {
    n: number('n', 100),
    head: number('head', 0),
    source: (query.get('source') ?? 'macrotask') as Pace,
    rate: number('rate', 50),
    startAt: number('startAt', sharedNow()),
    template: query.get('template') ?? 'answer',
    heartbeatMs: number('heartbeatMs', 0),
  }
}

/** Listed blocks that show their text as Markdown: their model writes paragraphs. */
const MARKDOWN: ReadonlySet<string> = new Set(['markdown', 'prose', 'conversation'])

/** What the sources of this process have done, for those who measure. */
export const sources = { pulled: 0, endedAt: [] as number[] }

/** The model: the same for every rival. It stops when `signal` aborts or its iterator is returned. */
export async function* ask(asked: Asked, signal: AbortSignal): AsyncGenerator<string> {
  const { n, head, source, rate, startAt, template } = asked
  const hasParagraphs = MARKDOWN.has(template)
  const piece = (index: number): string =>
    hasParagraphs && index % 60 === 59 ? `${token(index)}\n\n` : token(index)
  let timer: NodeJS.Timeout | undefined
  let wake = (): void => {}
  // One listener for the whole answer, and a flag: to ask the signal for each token costs as much as the token.
  let stopped = signal.aborted
  const stop = (): void => {
    stopped = true
    clearTimeout(timer)
    wake()
  }
  signal.addEventListener('abort', stop)
  try {
    if (head > 0) yield Array.from({ length: head }, (_, index) => piece(index)).join('')
    for (let index = head; index < n; index++) {
      if (source === 'macrotask') await new Promise((resolve) => setImmediate(resolve))
      if (source === 'paced') {
        const early = startAt + ((index - head) * 1000) / rate - sharedNow()
        if (early > 0) {
          await new Promise<void>((resolve) => {
            wake = resolve
            timer = setTimeout(resolve, Math.ceil(early))
          })
        }
      }
      if (stopped) return
      sources.pulled += 1
      yield piece(index)
    }
    if (source === 'idle' && !stopped) await new Promise<void>((resolve) => (wake = resolve))
  } finally {
    signal.removeEventListener('abort', stop)
    sources.endedAt.push(sharedNow())
  }
}
