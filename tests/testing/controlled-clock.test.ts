import { afterEach, expect, test } from 'vitest'
import { after, sleep, timersRunning } from '../../src/shared/clock.ts'
import { controlledClock, type ControlledClock } from '../../src/testing/controlled-clock.ts'

let clock: ControlledClock
afterEach(() => clock.release())

test('a controlled clock runs what is due, in its order, and nothing else', async () => {
  clock = controlledClock()
  const seen: string[] = []
  after(30, () => seen.push('c'))
  after(10, () => {
    seen.push('a')
    after(10, () => seen.push('b'))
  })
  const cancel = after(15, () => seen.push('never'))
  cancel()
  await clock.advance(9)
  expect(seen).toEqual([])
  await clock.advance(11)
  expect(seen).toEqual(['a', 'b'])
  expect(timersRunning()).toBe(1)
  await clock.advance(10)
  expect(seen).toEqual(['a', 'b', 'c'])
  expect(timersRunning()).toBe(0)
})

test('a sleep ends with its time, or with its signal, and leaves no timer', async () => {
  clock = controlledClock()
  const stop = new AbortController()
  let awake = 0
  void sleep(100).then(() => (awake += 1))
  void sleep(100, stop.signal).then(() => (awake += 1))
  stop.abort()
  await clock.advance(0)
  expect(awake).toBe(1)
  await clock.advance(100)
  expect(awake).toBe(2)
  expect(timersRunning()).toBe(0)
})

test('a delay beyond what the platform can hold means never', () => {
  clock = controlledClock()
  after(Infinity, () => {})
  after(2 ** 31, () => {})
  expect(timersRunning()).toBe(0)
})
