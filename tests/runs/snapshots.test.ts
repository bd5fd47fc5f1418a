import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fragment } from 'swapstream'
import { snapshotKey } from '../../src/fragments/fragment.ts'
import { Snapshots } from '../../src/runs/snapshots.ts'
import { Ended } from '../../src/streams/ended.ts'
import type { Identified } from '../../src/streams/identified.ts'

const snapshot = (block: string, text: string, final = false): Fragment =>
  new Fragment('t.html', block, { text }, { final })

/** What a source may yield: texts that grow or begin anew in two blocks, items that are added, and plain values. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('grow' as const),
    block: fc.constantFrom('a', 'b'),
    delta: fc.string({ maxLength: 3 }),
    anew: fc.boolean(),
    final: fc.integer({ max: 9, min: 0 }).map((n) => n === 0),
  }),
  fc.record({ kind: fc.constant('add' as const), item: fc.nat() }),
  fc.record({ kind: fc.constant('say' as const), text: fc.string() }),
)

function valuesOf(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) {
  const texts = new Map<string, string>()
  return steps.map((made) => {
    if (made.kind === 'say') return made.text
    if (made.kind === 'add')
      return new Fragment('t.html', 'item', made, { target: '#list', swap: 'beforeend' })
    const text = (made.anew ? '' : (texts.get(made.block) ?? '')) + made.delta
    texts.set(made.block, made.final ? '' : text)
    return snapshot(made.block, text, made.final)
  })
}

const isSnapshot = (value: unknown): value is Fragment =>
  value instanceof Fragment && snapshotKey(value) !== undefined
const shown = ({ block, context, final }: Fragment): unknown => [block, context, final]

/** The snapshots that stand at the end: the newest of each block, and of each answer that was final. */
function standing(values: readonly unknown[]): Fragment[] {
  const open = new Map<string, Fragment>()
  const all: Fragment[] = []
  for (const value of values) {
    if (!isSnapshot(value)) continue
    const key = snapshotKey(value)!
    const before = open.get(key)
    if (before) all[all.indexOf(before)] = value
    else all.push(value)
    if (value.final) open.delete(key)
    else open.set(key, value)
  }
  return all
}

const position = ({ id }: Identified): number => Number(id.split('-')[1])

/** A subscriber that reads what is there, and stops where it would have to wait. */
function subscriberOf(snapshots: Snapshots, from: number) {
  const values = snapshots.subscribe(from, () => {})
  let next: Promise<IteratorResult<Identified, unknown>> | undefined
  return {
    async read(): Promise<Identified[]> {
      const all: Identified[] = []
      for (;;) {
        next ??= values.next()
        const nothing = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)))
        const result = await Promise.race([next, nothing])
        if (result === undefined || result.done) return all
        next = undefined
        all.push(result.value)
      }
    },
    leave: () => values.return(undefined),
  }
}

describe('the snapshots of a run', () => {
  test('reach a late subscriber once for each block, as they are now, and each value in its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const values = valuesOf(steps)
        const snapshots = new Snapshots()
        for (const value of values) snapshots.push(value)
        snapshots.push(new Ended('done'))
        const read = (await subscriberOf(snapshots, 0).read()).map(({ value }) => value)
        expect(read.filter(isSnapshot).map(shown)).toEqual(standing(values).map(shown))
        expect(read.filter((value) => !isSnapshot(value))).toEqual(
          values.filter((value) => !isSnapshot(value)),
        )
      }),
    )
  })

  test('are neither lost nor repeated for a subscriber that reads now and then, or comes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 20 }),
        fc.func(fc.nat({ max: 4 })),
        async (steps, pauses) => {
          const values = valuesOf(steps)
          const snapshots = new Snapshots()
          let subscriber = subscriberOf(snapshots, 0)
          let reached = 0
          const plain: unknown[] = []
          const page = new Map<string, unknown>()
          const read = async (): Promise<void> => {
            for (const next of await subscriber.read()) {
              expect(position(next)).toBeGreaterThanOrEqual(reached)
              reached = position(next)
              if (isSnapshot(next.value)) page.set(next.value.block, next.value.context)
              else plain.push(next.value)
            }
          }
          for (const [at, value] of values.entries()) {
            snapshots.push(value)
            const pause = pauses(at)
            if (pause === 0) await read()
            if (pause === 1) {
              await subscriber.leave()
              subscriber = subscriberOf(snapshots, reached)
              page.clear()
            }
          }
          await read()
          await subscriber.leave()
          expect(plain).toEqual(values.filter((value) => !isSnapshot(value)))
          for (const [block, context] of page)
            expect(context).toEqual(
              standing(values).findLast((one) => one.block === block)?.context,
            )
        },
      ),
    )
  })

  test('give values their positions without a gap, from where the subscriber was', async () => {
    const snapshots = new Snapshots()
    for (const value of ['a', 'b', 'c', 'd']) snapshots.push(value)
    snapshots.push(new Ended('done'))
    const values = await subscriberOf(snapshots, 2).read()
    expect(values.map(({ id, value, more }) => [id, value, more])).toEqual([
      ['1-3', 'c', true],
      ['1-4', 'd', true],
    ])
  })

  test('that were missed are one snapshot, and the values beside it keep their positions', async () => {
    const snapshots = new Snapshots()
    const subscriber = subscriberOf(snapshots, 0)
    snapshots.push(snapshot('a', 'H'))
    await subscriber.read()
    for (const value of [snapshot('a', 'He'), 'x', snapshot('a', 'Hel')]) snapshots.push(value)
    const read = await subscriber.read()
    expect(read.map(({ id, value }) => [id, isSnapshot(value) ? shown(value) : value])).toEqual([
      ['1-2', ['a', { text: 'Hel' }, false]],
      ['1-4', 'x'],
    ])
    expect(await subscriber.read()).toEqual([])
    await subscriber.leave()
  })

  test('let a subscriber go while it waits, or before it has read anything, once', async () => {
    const snapshots = new Snapshots()
    let left = 0
    const [waiting, unread] = [0, 0].map(() => snapshots.subscribe(0, () => (left += 1)))
    const next = waiting!.next()
    expect(snapshots.subscribers).toBe(2)
    for (const subscriber of [waiting, unread, waiting]) await subscriber!.return(undefined)
    expect(await next).toEqual({ done: true, value: undefined })
    expect([snapshots.subscribers, left]).toEqual([0, 2])
  })
})
