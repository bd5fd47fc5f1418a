import { describe, expect, test } from 'vitest'
import { abortable, abortableGenerator, onAbort } from '../../src/shared/abortable.ts'
import { streamToFragments, streamWithSources, type Fragment } from '../../src/core.ts'
import { eventually } from '../support/eventually.ts'

const never = new Promise<never>(() => {})
/** A generator that waits for ever, and what happened to it. */
function waiting(signal?: AbortSignal) {
  const calls: string[] = []
  const values = abortableGenerator(async function* (
    inner,
  ): AsyncGenerator<string, void, undefined> {
    onAbort(inner, () => void calls.push('abort'))
    try {
      yield 'a'
      await abortable(never, inner)
    } finally {
      calls.push('finally')
    }
  }, signal)
  return { values, calls }
}

describe('an abortable generator', () => {
  test('whose reader leaves while it waits ends at once, without a value', async () => {
    const { values, calls } = waiting()
    await values.next()
    const pending = values.next()
    await values.return()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(calls).toEqual(['abort', 'finally'])
    await values.return()
    expect(calls).toHaveLength(2)
  })

  test('aborts its signal also when nothing was read', async () => {
    const calls: string[] = []
    const values = abortableGenerator((signal) => {
      onAbort(signal, () => void calls.push('abort'))
      return (async function* () {})()
    })
    await values.return()
    expect(calls).toEqual(['abort'])
  })

  test('does not abort it after a good end, and does after a failure', async () => {
    const signals: AbortSignal[] = []
    const of = (open: () => AsyncGenerator<string>): AsyncGenerator<string> =>
      abortableGenerator((signal) => (signals.push(signal), open()))
    const good = of(async function* () {
      yield 'a'
    })
    for await (const _ of good) continue
    await good.return(undefined)
    const failing = of(async function* () {
      throw new Error('gone')
    })
    await expect(failing.next()).rejects.toThrow('gone')
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
  })

  test("throws the reason of its caller's signal, and holds on to that signal no longer than it lasts", async () => {
    const stop = new AbortController()
    const { values, calls } = waiting(stop.signal)
    await values.next()
    const pending = values.next()
    stop.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
    expect(calls).toEqual(['abort', 'finally'])
    const listeners = { added: 0, removed: 0 }
    const signal = Object.assign(new AbortController().signal, {
      addEventListener: () => (listeners.added += 1),
      removeEventListener: () => (listeners.removed += 1),
    })
    for await (const _ of abortableGenerator(async function* () {}, signal)) continue
    expect(listeners).toEqual({ added: 1, removed: 1 })
  })
})

describe('a silent model', () => {
  const silent = (signals: AbortSignal[]) => (signal: AbortSignal) => {
    signals.push(signal)
    return new ReadableStream<string>({ start: (controller) => controller.enqueue('Hel') })
  }

  test.each<[string, (signals: AbortSignal[]) => AsyncGenerator<Fragment>]>([
    ['streamToFragments', (signals) => streamToFragments(silent(signals), 't', 'b')],
    ['streamWithSources', (signals) => streamWithSources(silent(signals), 't')],
  ])(
    'is stopped at once when the reader of %s leaves, and its answer is not called whole',
    async (_, open) => {
      const signals: AbortSignal[] = []
      const fragments = open(signals)
      expect((await fragments.next()).value).toMatchObject({
        context: { text: 'Hel', streaming: true },
      })
      const pending = fragments.next()
      await fragments.return(undefined)
      expect(await pending).toEqual({ done: true, value: undefined })
      expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    },
  )

  test('that was called already is stopped when its sources fail', async () => {
    let cancelled = false
    const called = Promise.resolve(
      new ReadableStream<string>({ cancel: () => void (cancelled = true) }),
    )
    const sources = Promise.reject(new Error('no index'))
    await expect(streamWithSources(called, 't', { sources }).next()).rejects.toThrow('no index')
    await eventually(() => expect(cancelled).toBe(true))
  })
})
