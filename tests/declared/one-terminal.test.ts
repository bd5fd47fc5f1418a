import fc from 'fast-check'
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import {
  EventStream,
  sequenced,
  mount,
  events,
  produce,
  scope,
  stream,
  swapstream,
  type EventEncoding,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { runsOf } from '../support/runs.ts'

afterEach(() => expectNothingLeft(timersRunning))

/** What the code behind a stream does, in whatever order. */
type Call = 'write' | 'close' | 'fail' | 'wait' | 'throw' | 'write unawaited'
const call = fc.constantFrom<Call>('write', 'close', 'fail', 'wait', 'throw', 'write unawaited')

interface Play {
  readonly calls: readonly Call[]
  /** After how many pieces the reader leaves; never when there are fewer. */
  readonly leavesAfter: number
  /** Whether the reader takes each piece at once. */
  readonly slow: boolean
}
const play: fc.Arbitrary<Play> = fc.record({
  calls: fc.array(call, { maxLength: 12 }),
  leavesAfter: fc.oneof(fc.constant(Infinity), fc.nat({ max: 6 })),
  slow: fc.boolean(),
})

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function read(response: Response, { leavesAfter, slow }: Play): Promise<[string, boolean]> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let pieces = 0; ; pieces++) {
    if (pieces >= leavesAfter) {
      await reader.cancel()
      return [text, false]
    }
    if (slow) await pause()
    const { done, value } = await reader.read()
    if (done) return [text, true]
    text += value
  }
}

/** Every event of the `frames` wire has its type as its name. */
const typesOf = (text: string): string[] =>
  Array.from(text.matchAll(/^event: (.+)$/gm), ([, type]) => type!)
const TERMINALS = new Set(['complete', 'error', 'cancel'])

function expectOneTerminal(text: string, whole: boolean): void {
  const types = typesOf(text)
  const ends = types.filter((type) => TERMINALS.has(type))
  expect(ends.length).toBeLessThanOrEqual(1)
  if (whole) expect(ends).toHaveLength(1)
  if (ends.length === 1) expect(types.at(-1)).toBe(ends[0])
  expect(Array.from(text.matchAll(/"seq":(\d+)/g), ([, seq]) => Number(seq))).toEqual(
    types.map((_, at) => at),
  )
}

test('any order of writer calls, values, errors and leaving ends in one terminal, last, and one teardown', async () => {
  await fc.assert(
    fc.asyncProperty(play, async (given) => {
      let opened = 0
      let torn = 0
      let ended = 0
      const app = new Hono()
      app.use(swapstream({ templates: {}, log: recordingLog() }))
      const source = produce<number>(async (writer) => {
        for (const [at, what] of given.calls.entries()) {
          // A writer that ignores what it is told goes on writing into an ended stream.
          try {
            if (what === 'write') await writer.write(at)
            else if (what === 'write unawaited') void writer.write(at).catch(() => {})
            else if (what === 'close') writer.close('done')
            else if (what === 'fail') writer.fail(new Error('failed'))
            else if (what === 'wait') await pause()
          } catch (error) {
            expect(error).toMatchObject({ code: 'source/ended' })
          }
          if (what === 'throw') throw new Error('thrown')
        }
      })
      const torndown = scope<number>(async function* (context) {
        opened += 1
        yield await (source as (given: typeof context) => AsyncIterable<number>)(context)
        torn += 1
      })
      app.get(
        '/',
        () =>
          new EventStream(torndown, {
            encoding: sequenced,
            flushHeaders: 'immediately',
            onEnd: () => void (ended += 1),
          }),
      )
      expectOneTerminal(...(await read(await app.request('/'), given)))
      await eventually(() => expect([ended, torn]).toEqual([1, opened]))
      expect(opened).toBeLessThanOrEqual(1)
    }),
    { numRuns: runsOf(40) },
  )
})

test('and so does a declared route, with its schemas and hooks', async () => {
  await fc.assert(
    fc.asyncProperty(play, fc.boolean(), async (given, afterFails) => {
      let started = 0
      let torn = 0
      let ended = 0
      const app = new Hono()
      app.use(swapstream({ templates: {}, log: recordingLog() }))
      const route = stream(
        {
          path: '/',
          encoding: sequenced,
          flushHeaders: 'immediately',
          after: {
            audit() {
              if (afterFails) throw new Error('after')
            },
          },
          onEnd: () => void (ended += 1),
        },
        async function* () {
          started += 1
          try {
            for (const [at, what] of given.calls.entries()) {
              if (what === 'close') return 'done'
              if (what === 'throw' || what === 'fail') throw new Error(what)
              if (what === 'wait') await pause()
              else yield at
            }
            return undefined
          } finally {
            await pause()
            torn += 1
          }
        },
      )
      mount(app, route)
      const response = await app.request('/', { method: 'POST' })
      expectOneTerminal(...(await read(response, given)))
      await eventually(() => expect([ended, torn]).toEqual([1, started]))
      expect(started).toBeLessThanOrEqual(1)
    }),
    { numRuns: runsOf(40) },
  )
})

/** How each wire that has a terminal of its own spells it; a failure in the page is no event, so there it is `done`. */
const WIRES: Record<string, EventEncoding | undefined> = { named: events(), fragments: undefined }

test.each(Object.keys(WIRES))(
  'the same in the encoding %s, where values, failures and disconnects come in any order',
  async (name) => {
    const wire = WIRES[name]
    await fc.assert(
      fc.asyncProperty(play, async (given) => {
        let started = 0
        let torn = 0
        let ended = 0
        const app = new Hono()
        app.use(swapstream({ templates: {}, log: recordingLog() }))
        async function* source(): AsyncGenerator<string, unknown> {
          started += 1
          try {
            for (const [at, what] of given.calls.entries()) {
              if (what === 'close') return 'done'
              if (what === 'throw' || what === 'fail') throw new Error(what)
              if (what === 'wait') await pause()
              else yield `${at}`
            }
            return undefined
          } finally {
            torn += 1
          }
        }
        const onEnd = (): void => void (ended += 1)
        const options = { flushHeaders: 'immediately', onEnd, ...(wire && { wire }) } as const
        app.get('/', () => new EventStream(source, options))
        const headers = { accept: 'text/event-stream' }
        const [text, whole] = await read(await app.request('/', { headers }), given)
        const ends = typesOf(text).filter((type) => type === 'done' || type === 'error')
        expect(ends.length).toBeLessThanOrEqual(1)
        if (whole) expect(text).toMatch(/event: (?:done|error)\ndata: [^\n]*\n\n$/)
        await eventually(() => expect([ended, torn]).toEqual([1, started]))
        expect(started).toBeLessThanOrEqual(1)
      }),
      { numRuns: runsOf(30) },
    )
  },
)
