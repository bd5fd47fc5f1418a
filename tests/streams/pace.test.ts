import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Pace } from '../../src/streams/pace.ts'
import { controlledClock, type ControlledClock } from '../../src/testing/controlled-clock.ts'

/** When the next frame may leave, told by hand what the frames before have brought. */

let clock: ControlledClock
beforeEach(() => (clock = controlledClock()))
afterEach(() => clock.release())

test('text at 200 values a second is shown every 100 ms, with the last value that comes in that time', () => {
  const pace = new Pace(undefined)
  pace.sent(-100, 1)
  pace.sent(0, 20)
  expect(pace.latestAt).toBe(100)
  expect(pace.earlyAt).toBe(95)
})

test('a value is shown at once as soon as the next one would come too late, but never in the first two thirds of the wait', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 2_000 }),
      (values, ms) => {
        const pace = new Pace(undefined)
        pace.sent(-ms, 1)
        pace.sent(0, values)
        const { earlyAt, latestAt } = pace
        expect(latestAt).toBeGreaterThanOrEqual(16)
        expect(latestAt).toBeLessThanOrEqual(100)
        const share = Math.min(latestAt / 3, ms / values)
        expect(latestAt - earlyAt).toBeLessThanOrEqual(share + 0.5)
        expect(latestAt - earlyAt).toBeGreaterThan(share - 1.5)
      },
    ),
  )
})
