import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Alarm } from '../../src/shared/alarm.ts'
import { now, timersRunning, useTimers } from '../../src/shared/clock.ts'
import { widthAt } from '../../src/shared/frame-pace.ts'
import { controlledClock, type ControlledClock } from '../../src/testing/controlled-clock.ts'

let clock: ControlledClock
beforeEach(() => (clock = controlledClock()))
afterEach(() => clock.release())

describe('an alarm', () => {
  test('rings once, never early, soon after its moment, whatever was set before and beside it', async () => {
    const act = fc.record({
      who: fc.nat(4),
      what: fc.constantFrom('set', 'set', 'advance', 'clear', 'wait'),
      ms: fc.oneof(fc.integer({ min: -5, max: 120 }), fc.integer({ min: 900, max: 20_000 })),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const due: number[] = Array.from({ length: 5 }, () => Infinity)
        const setAt: number[] = []
        const faults: string[] = []
        const alarms = due.map(
          (_, who) =>
            new Alarm(() => {
              const late = now() - Math.max(due[who]!, setAt[who]!)
              if (late < 0) faults.push(`${who} rang ${-late} ms early`)
              if (late > (due[who]! - setAt[who]! < 1_000 ? 4 : 64))
                faults.push(`${who} ${late} ms late`)
              due[who] = Infinity
            }),
        )
        for (const { who, what, ms } of acts) {
          const at = now() + ms
          if (what === 'wait') await clock.advance(Math.max(0, ms))
          else if (what === 'clear') {
            alarms[who]!.clear()
            due[who] = Infinity
          } else if (what === 'set') {
            alarms[who]!.set(at)
            due[who] = at
            setAt[who] = now()
          } else if (at < due[who]! - 64) {
            // By less than what a long wait may be late nobody can tell which of both rang.
            alarms[who]!.advance(at)
            due[who] = at
            setAt[who] = now()
          }
        }
        await clock.advance(30_000)
        expect(faults).toEqual([])
        expect(due.every((moment) => moment === Infinity)).toBe(true)
        expect(timersRunning()).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('shares one timer with all others, and leaves none when the last is cleared', async () => {
    const alarms = Array.from({ length: 1_000 }, () => new Alarm(() => {}))
    for (const [n, alarm] of alarms.entries()) alarm.set(now() + n)
    expect(timersRunning()).toBe(1)
    for (const alarm of alarms) alarm.clear()
    expect(timersRunning()).toBe(0)
  })

  test('that was moved rings with those around it, when the process comes late to all of them', () => {
    let time = 0
    let wake = (): void => {}
    const release = useTimers({ now: () => time, set: (_, run) => ((wake = run), () => {}) })
    const rang: string[] = []
    const moved = new Alarm(() => rang.push('moved'))
    const later = new Alarm(() => rang.push('later'))
    moved.set(10)
    moved.set(30)
    later.set(200)
    time = 50
    wake()
    expect(rang).toEqual(['moved'])
    later.clear()
    release()
  })

  test('that sets itself anew while it rings does not keep the others waiting', async () => {
    let rang = 0
    let other = false
    const eager = new Alarm(() => {
      rang += 1
      eager.set(now() - 1)
    })
    const patient = new Alarm(() => (other = true))
    eager.set(now())
    patient.set(now() + 10)
    await clock.advance(20)
    expect(other).toBe(true)
    expect(rang).toBeLessThanOrEqual(6)
    eager.clear()
  })

  test('that throws holds up nobody', async () => {
    let rang = false
    const failing = new Alarm(() => {
      throw new Error('mine')
    })
    const other = new Alarm(() => (rang = true))
    failing.set(now() + 5)
    other.set(now() + 50)
    await expect(clock.advance(10)).rejects.toThrow('mine')
    await clock.advance(60)
    expect(rang).toBe(true)
  })
})

test('frames are 16 ms apart while the process has time, and wider the busier it is, up to 100 ms', () => {
  expect([0, 0.03, 0.06, 0.8, 1].map(widthAt)).toEqual([16, 16, 70, 70, 100])
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (a, b) => {
        expect(widthAt(Math.min(a, b))).toBeLessThanOrEqual(widthAt(Math.max(a, b)))
      },
    ),
  )
})
