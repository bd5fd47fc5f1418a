import { describe, expect, test } from 'vitest'
import { Stoppable } from '../../src/shared/stoppable.ts'
import { streamToFragments, streamWithSources, type Fragment } from '../../src/core.ts'

describe('Stoppable', () => {
  test('stops what is waited for, then ends', async () => {
    let wake: () => void = () => {}
    const closed: string[] = []
    async function* waiting(): AsyncGenerator<string> {
      try {
        await new Promise<void>((resolve) => (wake = resolve))
      } finally {
        closed.push('finally')
      }
    }
    const values = new Stoppable(waiting(), () => {
      closed.push('stop')
      wake()
    })
    const pending = values.next()
    await values.return()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(closed).toEqual(['stop', 'finally'])
  })

  test('stops also what nobody has read, and a failing stop fails nobody', async () => {
    let stopped = 0
    const values = new Stoppable((async function* (): AsyncGenerator<string> {})(), () => {
      stopped += 1
      throw new Error('no matter')
    })
    await values.return()
    expect(stopped).toBe(1)
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
    'is stopped at once by whoever leaves %s, and its answer is not called whole',
    async (_, open) => {
      const signals: AbortSignal[] = []
      const fragments = open(signals)
      expect((await fragments.next()).value).toMatchObject({
        context: { text: 'Hel', streaming: true },
      })
      const pending = fragments.next()
      await new Promise((resolve) => setTimeout(resolve, 5))
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
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(cancelled).toBe(true)
  })
})
