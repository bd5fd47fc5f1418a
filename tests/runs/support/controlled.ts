import { eventually } from '../../support/eventually.ts'
import type { StreamContext } from 'swapstream'

/** A source that says what a test tells it to, when it is told to. */
export interface Controlled<T> {
  (context: StreamContext): AsyncGenerator<T>
  /** Resolves when the values are taken. */
  say(...values: T[]): Promise<void>
  end(): void
  /** What the source was given, once it is open. */
  readonly signal: AbortSignal | undefined
  /** How often it was opened. */
  readonly opened: number
}

export function controlled<T>(): Controlled<T> {
  const queue: T[] = []
  let wake = (): void => {}
  let ended = false
  let opened = 0
  let signal: AbortSignal | undefined
  const source = async function* (context: StreamContext): AsyncGenerator<T> {
    opened += 1
    signal = context.signal
    context.signal.addEventListener('abort', () => wake())
    for (;;) {
      while (queue.length > 0) yield queue.shift()!
      if (ended || context.signal.aborted) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return Object.defineProperties(source, {
    signal: { get: () => signal },
    opened: { get: () => opened },
    say: {
      value: (...values: T[]) => {
        queue.push(...values)
        wake()
        return eventually(() => {
          if (queue.length > 0) throw new Error('The source was not read.')
        })
      },
    },
    end: {
      value: () => {
        ended = true
        wake()
      },
    },
  }) as never
}
