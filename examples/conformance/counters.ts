import { scope, type Source, type StreamContext } from 'swapstream'
import type { Values } from 'swapstream/core'

/** What `/stats` counts. */
export const counters = { opened: 0, finished: 0, produced: 0, scopesOpened: 0, scopesClosed: 0 }

/** A source that `/stats` counts: how many were started, and how many were torn down. */
export function watched<T>(open: (context: StreamContext) => AsyncGenerator<T>): Source<T> {
  return scope(async function* (context): AsyncGenerator<Values<T>> {
    counters.opened += 1
    yield counting(open(context))
    counters.finished += 1
  })
}

/** The same for the handler of a declared route, which is a generator itself. */
export async function* counted<T>(values: AsyncIterable<T>): AsyncGenerator<T> {
  counters.opened += 1
  try {
    yield* counting(values)
  } finally {
    counters.finished += 1
  }
}

async function* counting<T>(values: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const value of values) {
    counters.produced += 1
    yield value
  }
}

/** The figures of `/stats`. Garbage is collected first when Node allows it, so that two readings can be compared. */
export function figures(): Record<string, number> {
  globalThis.gc?.()
  const { opened, finished, produced, ...scopes } = counters
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  const active = opened - finished
  return { opened, finished, active, produced, rss, heapUsed, arrayBuffers, ...scopes }
}
