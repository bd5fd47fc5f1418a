import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fragment } from 'swapstream'
import { snapshotKey } from '../../src/fragments/fragment.ts'
import { Position, View } from '../../src/runs/view.ts'

const state = (block: string, text: string, delta: string, final = false): Fragment =>
  new Fragment('t.html', block, { text }, { grows: { key: 'text', delta }, final })

/** What a source may say: texts that grow or begin anew in two blocks, pieces that are added, and plain values. */
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

function saidBy(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) {
  const texts = new Map<string, string>()
  return steps.map((made) => {
    if (made.kind === 'say') return made.text
    if (made.kind === 'add')
      return new Fragment('t.html', 'item', made, { target: '#list', swap: 'beforeend' })
    const before = made.anew ? '' : (texts.get(made.block) ?? '')
    texts.set(made.block, made.final ? '' : before + made.delta)
    return state(made.block, before + made.delta, made.delta, made.final)
  })
}

const isState = (value: unknown): value is Fragment =>
  value instanceof Fragment && snapshotKey(value) !== undefined

/** The states that stand at the end: the newest of each block, and of each answer that was final. */
function standing(values: readonly unknown[]): Fragment[] {
  const open = new Map<string, Fragment>()
  const all: Fragment[] = []
  for (const value of values) {
    if (!isState(value)) continue
    const key = snapshotKey(value)!
    const before = open.get(key)
    if (before) all[all.indexOf(before)] = value
    else all.push(value)
    if (value.final) open.delete(key)
    else open.set(key, value)
  }
  return all
}

describe('a view of a run', () => {
  test('tells one who comes late each state once, as it is now, and each value in its order', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const values = saidBy(steps)
        const view = new View()
        for (const value of values) view.take(value)
        const told = drain(new Position(view, 0))
        expect(told.filter(isState).map(shown)).toEqual(standing(values).map(shown))
        expect(told.filter((value) => !isState(value))).toEqual(
          values.filter((value) => !isState(value)),
        )
      }),
    )
  })

  test('loses and repeats nothing for one who looks in now and then, or comes back', () => {
    fc.assert(
      fc.property(fc.array(step), fc.func(fc.nat({ max: 4 })), (steps, pauses) => {
        const values = saidBy(steps)
        const view = new View()
        let position = new Position(view, 0)
        let reached = 0
        const plain: unknown[] = []
        /** What a page would show: states replace, text that grew is added. */
        const page = new Map<string, string>()
        const look = (): void => {
          for (let next = position.take(); next; next = position.take()) {
            expect(next.seq).toBeGreaterThanOrEqual(reached)
            reached = next.seq
            if (isState(next.value)) follow(page, next.value)
            else plain.push(next.value)
          }
        }
        values.forEach((value, at) => {
          view.take(value)
          const pause = pauses(at)
          if (pause === 0) look()
          // Cut off, he comes back to the last position he was told, and is given the newest states anew.
          if (pause === 1) {
            position = new Position(view, reached)
            page.clear()
          }
        })
        look()
        expect(plain).toEqual(values.filter((value) => !isState(value)))
        for (const [block, text] of page) {
          const newest = standing(values).findLast((made) => made.block === block)
          expect([block, text]).toEqual([block, newest?.context['text']])
        }
      }),
    )
  })

  test('calls back only who waits, and once', () => {
    const view = new View()
    const woken: string[] = []
    view.wait(() => woken.push('once'))
    const forget = view.wait(() => woken.push('never'))
    const again = (): void => {
      woken.push('again')
      view.wait(again)
    }
    view.wait(again)
    forget()
    for (const value of ['a', 'b', 'c']) view.take(value)
    expect(woken).toEqual(['once', 'again', 'again', 'again'])
  })

  test('numbers plain values without a gap', () => {
    const view = new View()
    for (const value of ['a', 'b', 'c', 'd']) view.take(value)
    const position = new Position(view, 2)
    expect([position.take(), position.take(), position.take()]).toEqual([
      { value: 'c', seq: 3 },
      { value: 'd', seq: 4 },
      undefined,
    ])
  })

  test('says only what is new of a text, however much a slow viewer has missed', () => {
    const view = new View()
    const position = new Position(view, 0)
    view.take(state('a', 'Hel', 'Hel'))
    position.take()
    view.take(state('a', 'Hello', 'lo'))
    view.take(state('a', 'Hello you', ' you'))
    const { grows, context } = position.take()!.value as Fragment
    expect([grows, context]).toEqual([{ key: 'text', delta: 'lo you' }, { text: 'Hello you' }])
    expect(position.take()).toBe(undefined)
  })
})

function drain(position: Position): unknown[] {
  const told: unknown[] = []
  for (let next = position.take(); next; next = position.take()) told.push(next.value)
  return told
}

const shown = ({ block, context, final }: Fragment): unknown => [block, context, final]

function follow(page: Map<string, string>, { block, context, grows }: Fragment): void {
  const before = page.get(block)
  const text = context['text'] as string
  // Added where the fragment says so: that must come to the same.
  const grown =
    grows && before !== undefined && before.length + grows.delta.length === text.length
      ? before + grows.delta
      : text
  if (grows && before !== undefined) expect(grown).toBe(text)
  page.set(block, grown)
}
