import fc from 'fast-check'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { EventStream, liveState, nunjucksEngine, swapstream, type Fragment } from 'swapstream'
import { fromComponents, type LiveStateOptions } from 'swapstream/core'
import { openStream } from 'swapstream/testing'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))

const templates = {
  'base.html': '<title>{{ title }}</title>{% block body %}{% endblock %}',
  'row.html': '<li>{{ task }} for {{ owner }}</li>',
  'board.html': `{% extends "base.html" %}{% set shown = tasks | length %}{% from "macros.html" import mark %}
{% macro signed() %}{{ owner }}{% endmacro %}
{% block body %}<ul id="list">{% block list %}{% for task in tasks %}{% include "row.html" %}{% endfor %}{% endblock %}</ul>
<p id="count">{% block count %}{{ shown }} of {{ todo }}{% endblock %}</p>
<p id="both">{% block both %}{{ todo }}/{{ done }}{% endblock %}</p>
<p id="sign">{% block sign %}{{ signed() }}{% endblock %}</p>
<p id="still">{% block still %}{{ mark("!") }}{% endblock %}</p>
<p id="any">{% block any %}{{ renderBlock("base.html", "body") }}{% endblock %}</p>
<p id="number">{% block number %}{{ version }}{% endblock %}</p>{% endblock %}`,
  'macros.html': '{% macro mark(text) %}{{ text }}{% endmacro %}',
}
const engine = nunjucksEngine({ templates })
type Values = { tasks: readonly string[]; owner: string; title: string }
const start: Values = { tasks: ['a', 'b'], owner: 'Ada', title: 'T' }
/** Everything that is ready to run has run. */
const allRan = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
const ALL = ['list', 'count', 'both', 'sign', 'still']

/** A state, and what a subscriber gets that reads all there is. */
async function subscribing(options: Partial<LiveStateOptions<Values>> = {}, origin?: string) {
  const state = liveState(engine, 'board.html', start, { blocks: ALL, ...options })
  const fragments = state.subscribe({ origin })
  const received: Fragment[] = []
  void (async () => {
    for await (const fragment of fragments) received.push(fragment)
  })()
  const settle = async (): Promise<string[]> => {
    await allRan()
    return received.splice(0).map(({ block }) => block)
  }
  expect(await settle()).toEqual(options.blocks ?? ALL)
  return { state, fragments, settle }
}

describe('a change of a live state', () => {
  test.each([
    ['what the block itself reads, and what it includes', { owner: 'Bob' }, ['list', 'sign']],
    ['what the template reads before it', { tasks: ['c'] }, ALL],
    ['nothing that a block reads', { title: 'U' }, []],
    ['nothing at all', { owner: 'Ada' }, []],
  ])('draws the blocks that read it: %s', async (_, change, blocks) => {
    const { state, fragments, settle } = await subscribing()
    state.set(change)
    expect(await settle()).toEqual(blocks)
    await fragments.return()
  })

  test('goes through derived values, as far as they come out different, and draws a block once', async () => {
    let runs = 0
    const derived = {
      todo: ({ tasks }: Values) => tasks.length,
      done: ({ todo }: any) => {
        runs += 1
        return Math.floor(todo / 10)
      },
    }
    const { state, fragments, settle } = await subscribing({
      derived,
      blocks: ['count', 'both', 'sign'],
    })
    expect(state.values).toMatchObject({ todo: 2, done: 0, version: 1 })
    // The same number of tasks: the template counts them before each of the blocks.
    state.set({ tasks: ['x', 'y'] })
    expect([await settle(), runs]).toEqual([['count', 'both', 'sign'], 1])
    state.set({ tasks: Array.from({ length: 12 }, String) })
    expect([await settle(), runs]).toEqual([['count', 'both', 'sign'], 2])
    expect(state.values).toMatchObject({ todo: 12, done: 1, version: 3 })
    await fragments.return()
  })

  test('draws a block again that may read anything', async () => {
    const { state, fragments, settle } = await subscribing({ blocks: ['any', 'still'] })
    state.set({ title: 'U' })
    expect(await settle()).toEqual(['any'])
    await fragments.return()
  })

  test('draws every block where the engine cannot tell what they read', async () => {
    const components = fromComponents({ page: { page: () => '', one: () => '', two: () => '' } })
    const state = liveState(components, 'page', { a: 1 }, { blocks: ['one', 'two'] })
    const fragments = state.subscribe()
    const blocks: string[] = []
    for (let at = 0; at < 4; at++) {
      if (at === 2) state.set({ a: 2 })
      blocks.push(((await fragments.next()).value as Fragment).block)
    }
    expect(blocks).toEqual(['one', 'two', 'one', 'two'])
    await fragments.return()
  })

  test('is rendered once to learn what the block reads, however many subscribe', async () => {
    let renders = 0
    const counting = async (template: string, block: string, context?: object) => {
      const opened = await engine.open(template, block, context as never)
      return {
        render: (changes?: object) => ((renders += 1), opened.render(changes as never)),
        get dependencies() {
          return opened.dependencies
        },
      }
    }
    const state = liveState({ open: counting }, 'board.html', start, { blocks: ['sign', 'both'] })
    const followers = [state.subscribe(), state.subscribe(), state.subscribe()]
    for (const each of followers) for (const _ of [1, 2]) await each.next()
    expect(renders).toBe(2)
    state.set({ owner: 'Bob' })
    expect(renders).toBe(3)
    for (const each of followers) expect((await each.next()).value).toMatchObject({ block: 'sign' })
    state.set({ title: 'U' })
    expect(renders).toBe(3)
    for (const each of followers) await each.return()
  })

  test('is sent to all subscribers but its origin', async () => {
    const mine = await subscribing({}, 'tab-1')
    const others = mine.state.subscribe({ origin: 'tab-2' })
    for (const _ of ALL) await others.next()
    mine.state.set({ owner: 'Bob' }, { origin: 'tab-1' })
    expect(await mine.settle()).toEqual([])
    expect((await others.next()).value).toMatchObject({ block: 'list', context: { owner: 'Bob' } })
    mine.state.set({ owner: 'Cyd' })
    expect(await mine.settle()).toEqual(['list', 'sign'])
    await Promise.all([mine.fragments.return(), others.return()])
  })

  test('that fails in a derived value changes nothing', async () => {
    const derived = {
      todo({ tasks }: Values) {
        if (tasks.length > 2) throw new Error('too many')
        return tasks.length
      },
    }
    const { state, fragments, settle } = await subscribing({ derived })
    const before = state.values
    expect(() => state.set({ owner: 'Bob', tasks: ['1', '2', '3'] })).toThrow('too many')
    expect(state.values).toBe(before)
    expect(await settle()).toEqual([])
    expect(() => state.set({ ownr: 'x' } as never)).toThrow(/"ownr" is no value.*mean "owner"/)
    await fragments.return()
  })
})

describe('the subscribers of a live state', () => {
  test('that are slow find the newest state of each block, and see by its number that some are missing', async () => {
    const state = liveState(engine, 'board.html', start, { blocks: ['list', 'number'] })
    const fragments = state.subscribe()
    const [first] = [await fragments.next(), await fragments.next()]
    expect(first!.value).toMatchObject({ context: { version: 1 } })
    for (let n = 0; n < 1_000; n++) state.set({ owner: `${n}` })
    const next = [await fragments.next(), await fragments.next()].map(({ value }) => value)
    expect(next).toMatchObject([
      { block: 'list', context: { owner: '999', version: 1_001 } },
      { block: 'number', context: { version: 1_001 } },
    ])
    const nothing = Symbol('nothing more')
    expect(await Promise.race([fragments.next(), allRan().then(() => nothing)])).toBe(nothing)
    await fragments.return()
  })

  test('that leave are forgotten, wherever they stand', async () => {
    const state = liveState(engine, 'board.html', start, { blocks: ALL })
    const app = new Hono()
    app.use(swapstream({ engine, log: recordingLog() }))
    app.get('/live', () => new EventStream(() => state.subscribe()))
    const streams = await Promise.all([openStream(app, '/live'), openStream(app, '/live')])
    for (const stream of streams) await stream.until(({ data }) => data.includes('#still'))
    expect(state.subscribers).toBe(2)
    state.set({ owner: '<Bob>' })
    const [event] = await streams[0]!.until(({ data }) => data.includes('Bob'))
    expect(event!.data).toContain(
      '<div hx-swap-oob="innerMorph transition:false target:#list"><li>a for &lt;Bob&gt;</li><li>b for &lt;Bob&gt;</li></div>',
    )
    for (const stream of streams) await stream.disconnect()
    await eventually(() => expect(state.subscribers).toBe(0))
    const unread = state.subscribe()
    await unread.return()
    expect(state.subscribers).toBe(0)
  })

  test('hear of a block that does not exist before anything is sent', async () => {
    const state = liveState(engine, 'board.html', start, { blocks: ['lits'] })
    await expect(state.subscribe().next()).rejects.toThrow(/did you mean "list"/)
    expect(state.subscribers).toBe(0)
  })
})

describe('derived values', () => {
  test.each([
    ['a: b → a', { a: ({ b }: any) => b, b: ({ a }: any) => a }, 'a → b → a'],
    ['of itself', { a: ({ a }: any) => a }, 'a → a'],
    ['of everything', { a: (all: object) => ({ ...all }) }, 'a → a'],
  ])('that need each other are refused, by name: %s', (_, derived, circle) => {
    expect(() => liveState(engine, 'board.html', {}, { blocks: [], derived })).toThrow(circle)
  })

  test('hide no value', () => {
    const derived = { owner: () => 'x' }
    expect(() => liveState(engine, 'board.html', start, { blocks: [], derived })).toThrow(/"owner"/)
  })

  test('are what they would be if all were made anew, whatever changes', () => {
    const derived = {
      sum: ({ a, b }: any) => a + b,
      big: ({ sum, a }: any) => (a > 2 ? sum > 4 : false),
      text: ({ big, c }: any) => `${big}${big ? c : ''}`,
    }
    const keys = fc.constantFrom('a', 'b', 'c')
    const change = fc.dictionary(keys, fc.integer({ min: 0, max: 4 }))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const state = liveState(engine, 'x', { a: 0, b: 0, c: 0 }, { blocks: [], derived })
        for (const each of changes) {
          state.set(each)
          const { a, b, c } = state.values
          const fresh = liveState(engine, 'x', { a, b, c }, { blocks: [], derived }).values
          expect({ ...state.values, version: 1 }).toEqual(fresh)
        }
      }),
    )
  })
})
