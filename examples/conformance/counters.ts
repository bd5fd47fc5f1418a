import { scope, type Source, type StreamContext, type Values } from 'swapstream'

const counted = { opened: 0, finished: 0, produced: 0 }

/** A source that can be watched from outside: `/stats` says how many were started, and how many were torn down. */
export function watched<T>(open: (context: StreamContext) => AsyncGenerator<T>): Source<T> {
  return scope(async function* (context): AsyncGenerator<Values<T>> {
    counted.opened += 1
    yield counting(open(context))
    counted.finished += 1
  })
}

async function* counting<T>(values: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const value of values) {
    counted.produced += 1
    yield value
  }
}

/** The figures of `/stats`. Garbage is collected first when Node offers that, so that two looks can be compared. */
export function figures(): Record<string, number> {
  globalThis.gc?.()
  const { opened, finished, produced } = counted
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return { opened, finished, active: opened - finished, produced, rss, heapUsed, arrayBuffers }
}
