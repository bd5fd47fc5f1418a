import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  EventStream,
  Fragment,
  streamToFragments,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { readEvents } from 'swapstream/client'
import { domText, FramedPage, openStream } from 'swapstream/testing'
import { Hono } from 'hono'
import { now, timersRunning } from '../../src/shared/clock.ts'
import { controlledClock, type ControlledClock } from '../../src/testing/controlled-clock.ts'
import type { Source } from '../../src/streams/source.ts'
import { eventually } from '../support/eventually.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'
import { runsOf } from '../support/runs.ts'

/** When the frames of a stream leave, and what a slow reader finds. */

const templates = {
  'a.html':
    '{% block answer %}<p>{{ text }}</p>{% endblock %}{% block log %}<li>{{ line }}</li>{% endblock %}',
}
const POST = { method: 'POST' }

function serving(source: Source<unknown>, options: Partial<SwapstreamOptions> = {}): Hono {
  const app = new Hono()
  app.use(swapstream({ templates, frameMs: 100, ...options }))
  app.post('/', () => new EventStream(source))
  return app
}

/** A source that says what a test tells it to. */
function told() {
  const END = Symbol('end')
  const said: unknown[] = []
  let wake = (): void => {}
  async function* source(): AsyncGenerator<unknown> {
    for (;;) {
      while (said.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      const next = said.shift()
      if (next === END) return
      yield next
    }
  }
  return {
    source,
    say: (...values: unknown[]) => {
      said.push(...values)
      wake()
    },
    end: () => {
      said.push(END)
      wake()
    },
  }
}
const state = (text: string): Fragment => new Fragment('a.html', 'answer', { text })
const PAGE = '<div id="all"><ul id="log"></ul><div id="answer"></div></div>'
/** The text of the page after each frame; what changes nothing that is seen is left out. */
const shown = (frames: readonly string[], swap = 'innerHTML'): string[] =>
  shownAfterEach(
    frames.map((data) => ({ data })),
    { page: PAGE, at: '#all', swap },
  )
    .map((html) => html.replace(/<[^>]*>/g, ''))
    .filter((text, n, all) => text !== all[n - 1])

describe('frames', () => {
  let clock: ControlledClock
  beforeEach(() => (clock = controlledClock()))
  afterEach(() => {
    expect(timersRunning()).toBe(0)
    clock.release()
  })

  /** Reads a stream to its end beside the test. */
  async function reading(app: Hono) {
    const frames: string[] = []
    const stream = await openStream(app, '/', POST)
    const done = (async () => {
      for await (const { data, event } of stream) if (event === undefined) frames.push(data)
    })()
    return { frames, done }
  }
  /** A turn is given to the others on the platform's own clock. */
  const turns = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15))

  test('leave at once the first time, then no closer together than asked, with the newest state alone', async () => {
    const { source, say, end } = told()
    say(state('a'))
    const { frames, done } = await reading(serving(source))
    await turns()
    expect(shown(frames)).toEqual(['a'])

    say(state('ab'), state('abc'), state('abcd'))
    await turns()
    await clock.advance(90)
    expect(shown(frames)).toEqual(['a'])
    await clock.advance(20)
    await turns()
    expect(shown(frames)).toEqual(['a', 'abcd'])

    // After a silence nothing waits.
    await clock.advance(500)
    say(state('abcde'))
    await turns()
    expect(shown(frames)).toEqual(['a', 'abcd', 'abcde'])
    end()
    await turns()
    await done
  })

  test('do not wait for their time when the stream ends: the last state leaves with the terminal', async () => {
    const { source, say, end } = told()
    say(state('a'))
    const { frames, done } = await reading(serving(source))
    await turns()
    say(state('ab'))
    end()
    await turns()
    await done
    expect(shown(frames)).toEqual(['a', 'ab'])
  })

  test('keep what is no state, each and in its order, between the states around it', async () => {
    const { source, say, end } = told()
    const line = (text: string): Fragment =>
      new Fragment('a.html', 'log', { line: text }, { target: '#log', swap: 'beforeend' })
    say(state('a'))
    const { frames, done } = await reading(serving(source))
    await turns()
    say(state('b'), line('1'), line('2'), state('c'), state('d'), 'text', state('e'))
    end()
    await turns()
    await done
    expect(shown(frames, 'beforeend')).toEqual(['a', 'b', '1b', '12b', '12d', '12dtext', '12etext'])
  })

  test('do not let the next answer of a block take the place of a finished one', async () => {
    const { source, say, end } = told()
    const final = (text: string): Fragment =>
      new Fragment('a.html', 'answer', { text }, { final: true })
    say(final('one'))
    const { frames, done } = await reading(serving(source))
    await turns()
    say(state('tw'), final('two'), state('thre'), final('three'))
    end()
    await turns()
    await done
    expect(shown(frames)).toEqual(['one', 'two', 'three'])
  })

  test('show every token in its order, none later than 50 ms after it came, and are fewer than tokens that come fast', async () => {
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    const someGaps = fc.oneof(
      fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 30 }).map((gap) => Array.from({ length: 30 }, () => gap)),
    )
    await fc.assert(
      fc.asyncProperty(someGaps, async (gaps) => {
        const { source, say, end } = told()
        const app = new Hono()
        app.use(swapstream({ templates }))
        app.post('/', () => {
          const tokens = source() as AsyncIterable<string>
          return new EventStream(() => streamToFragments(tokens, 'a.html', 'answer'))
        })
        const saidAt: number[] = []
        const shownAt: number[] = []
        const sayNext = async (): Promise<void> => {
          say(String.fromCharCode(97 + (saidAt.length % 26)))
          saidAt.push(now())
          await settle()
        }
        let text = ''
        let frames = 0
        await sayNext()
        const page = new FramedPage(PAGE, { target: '#answer' })
        const stream = await openStream(app, '/', POST)
        const done = (async () => {
          for await (const { data, event } of stream) {
            if (event !== undefined) continue
            frames += 1
            const before = text
            text = domText(page.apply(data).find('#answer')!).replace(/<[^>]*>|["\s]/g, '')
            expect(text.startsWith(before)).toBe(true)
            while (shownAt.length < text.length) shownAt.push(now())
          }
        })()
        for (const gap of [...gaps, 120]) {
          for (let at = 0; at < gap; at += 4) {
            await clock.advance(Math.min(4, gap - at))
            await settle()
          }
          if (saidAt.length <= gaps.length) await sayNext()
        }
        const waited = saidAt.slice(0, -1).map((at, index) => shownAt[index]! - at)
        end()
        await settle()
        await done
        expect(text).toBe(saidAt.map((_, at) => String.fromCharCode(97 + (at % 26))).join(''))
        // Time is moved in steps of 4.
        expect(Math.max(...waited)).toBeLessThanOrEqual(58)
        const lastedMs = saidAt.at(-1)! - saidAt[0]!
        expect(frames).toBeLessThanOrEqual(lastedMs / 50 + 4)
      }),
      { numRuns: runsOf(20) },
    )
  })

  test('send a frame a value with frameMs: 0', async () => {
    const { source, say, end } = told()
    say(state('a'), state('ab'), state('abc'))
    end()
    const { frames, done } = await reading(serving(source, { frameMs: 0 }))
    await turns()
    await done
    expect(shown(frames)).toEqual(['a', 'ab', 'abc'])
  })
})

describe('a reader who stands still', () => {
  const words = (count: number): string[] => Array.from({ length: count }, (_, n) => `w${n} `)
  function counting(count: number) {
    const counted = { asked: 0, ended: false }
    async function* tokens(): AsyncGenerator<string> {
      for (const word of words(count)) {
        counted.asked += 1
        yield word
        // As a model: no token comes in the turn of another.
        if (counted.asked % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      counted.ended = true
    }
    return { counted, source: () => streamToFragments(tokens(), 'a.html', 'answer') }
  }
  let begun = ''
  async function first(app: Hono): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const response = await app.request('/', { ...POST, headers: { accept: 'text/event-stream' } })
    const reader = response.body!.getReader()
    begun = new TextDecoder().decode((await reader.read()).value)
    return reader
  }
  const endOf = async (pieces: readonly string[]): Promise<string> => {
    const events: { event?: string | undefined; data: string }[] = []
    for await (const event of readEvents(new Response(begun + pieces.join('')))) events.push(event)
    return shownAtEnd(events, { htmx: 2 })
  }
  const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150))
  const rest = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string[]> => {
    const pieces: string[] = []
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return pieces
      pieces.push(new TextDecoder().decode(value))
    }
  }

  test('finds the whole answer in one frame when it comes back: the source was read to its end', async () => {
    const { counted, source } = counting(1_000)
    const reader = await first(serving(source))
    await eventually(() => expect(counted.ended).toBe(true))
    const pieces = await rest(reader)
    expect(pieces).toHaveLength(1)
    expect(await endOf(pieces)).toBe(`<p>${words(1_000).join('')}</p>`)
    expect(pieces[0]).toMatch(/event: done\ndata: \{"reason":"done"\}\n\n$/)
  })

  test('holds the source when that is asked for, and gets the same answer in the end', async () => {
    const { counted, source } = counting(1_000)
    const reader = await first(serving(source, { backpressure: 'pause' }))
    await later()
    expect(counted.asked).toBeLessThanOrEqual(2)
    const pieces = await rest(reader)
    expect(counted.ended).toBe(true)
    expect(await endOf(pieces)).toBe(`<p>${words(1_000).join('')}</p>`)
  })

  test('does not let what cannot be replaced pile up: the source waits', async () => {
    let asked = 0
    const app = serving(async function* () {
      for (;;) {
        asked += 1
        yield `line ${asked}`
      }
    })
    const reader = await first(app)
    await later()
    expect(asked).toBeLessThanOrEqual(34)
    await reader.cancel()
  })

  test('is sent a large state in pieces, none of which cuts a character', async () => {
    const text = 'ab😀'.repeat(100_000)
    const app = serving(() => [new Fragment('a.html', 'answer', { text }, { final: true })])
    const response = await app.request('/', { ...POST, headers: { accept: 'text/event-stream' } })
    const reader = response.body!.getReader()
    const pieces = await rest(reader)
    expect(pieces.length).toBeGreaterThan(5)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536)
    expect(pieces.join('')).toContain(text)
    expect(pieces.join('')).not.toContain('\ufffd')
  })
})
