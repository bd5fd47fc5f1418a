import type { Hono } from 'hono'
import { EventStream, Page, type Fragment, type StreamEnd } from 'swapstream'
import { withoutCitations } from './citations.ts'

/** What one answer took, as the page shows it. */
export interface Figures {
  readonly frames: string
  readonly sent: string
  /** What a stream would have sent that renders the whole block with each word. */
  readonly whole: string
  readonly firstWord: string
}

interface Written {
  readonly fragments: Fragment[]
  readonly sent: Promise<StreamEnd>
  readonly end: (end: StreamEnd) => void
  firstWordMs?: number
  figures?: Figures
}

/** Answers whose figures are stored. */
const MAX_ANSWERS = 200

/**
 * Measures answers. What was sent comes from `onEnd` of their stream. What whole blocks would have cost comes from the
 * same fragments, sent once more as whole blocks.
 */
export class FigureBook {
  readonly #app: Hono
  readonly #answers = new Map<string, Written>()

  /** Adds `/figures` to an app, for the last of the answers in a page, and `/figures/ID/whole`: one as whole blocks. */
  constructor(app: Hono) {
    this.#app = app
    app.get('/figures', async (c) => {
      const figures = await this.of(c.req.queries('after')?.at(-1))
      return new Page('ask.html', { figures }, { block: 'figures' })
    })
    app.get('/figures/:id/whole', (c) => {
      const { fragments } = this.#answers.get(c.req.param('id')) ?? { fragments: [] }
      async function* again(): AsyncGenerator<Fragment> {
        yield* fragments
      }
      return new EventStream(again, { updates: 'full', frameMs: 0 })
    })
  }

  /** Yields the fragments of an answer, and remembers them. */
  async *watch(id: string, fragments: AsyncIterable<Fragment>): AsyncGenerator<Fragment, void> {
    const startedAt = performance.now()
    let end: Written['end'] = () => {}
    const sent = new Promise<StreamEnd>((resolve) => (end = resolve))
    const written: Written = { fragments: [], sent, end }
    this.#answers.set(id, written)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > MAX_ANSWERS) this.#answers.delete(oldest!)
    for await (const fragment of fragments) {
      written.fragments.push(fragment)
      const { text } = fragment.context
      if (typeof text === 'string' && withoutCitations(text).trim() !== '')
        written.firstWordMs ??= performance.now() - startedAt
      yield fragment
    }
  }

  /** Takes the figures of the stream that showed an answer first. */
  ended(id: string, end: StreamEnd): void {
    this.#answers.get(id)?.end(end)
  }

  /** The figures of an answer, when its stream has ended; undefined for one that is not known any more. */
  async of(id: string | undefined): Promise<Figures | undefined> {
    const written = id === undefined ? undefined : this.#answers.get(id)
    if (written === undefined) return undefined
    const { bytes, frames } = await written.sent
    return (written.figures ??= {
      frames: frames.toLocaleString('en'),
      sent: inKilobytes(bytes),
      whole: inKilobytes(await this.#asWholeBlocks(id!)),
      firstWord: written.firstWordMs === undefined ? '' : inSeconds(written.firstWordMs),
    })
  }

  async #asWholeBlocks(id: string): Promise<number> {
    const headers = { accept: 'text/event-stream' }
    const response = await this.#app.request(`/figures/${id}/whole`, { headers })
    return (await response.arrayBuffer()).byteLength
  }
}

function inKilobytes(bytes: number): string {
  return `${(bytes / 1_000).toLocaleString('en', { maximumSignificantDigits: 3 })} kB`
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toLocaleString('en', { maximumFractionDigits: 2 })} s`
}
