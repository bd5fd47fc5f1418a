/** The names, defaults and bytes of Chirp's streams, where an author writes nothing but what is needed. */
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { EventStream, plain, streamToFragments, streamWithSources, swapstream } from 'swapstream'
import { controlledClock } from 'swapstream/testing'
import type { Fragment } from 'swapstream'
import { sleep, timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))

const templates = {
  'ask.html':
    '{% block refs %}<ol id="refs">{{ sources }}</ol>{% endblock %}{% block answer %}<p id="answer">{{ body }}{{ text }} {{ mood }} {{ sources }}</p>{% endblock %}{% block response %}<p>{{ text }}</p>{% endblock %}',
}

async function shown(fragments: AsyncIterable<Fragment>) {
  const seen: [string, string | undefined, object][] = []
  for await (const { block, target, context } of fragments) seen.push([block, target, context])
  return seen
}

function serving(answer: () => object): Hono {
  const app = new Hono()
  app.use(swapstream({ templates, log: recordingLog() }))
  app.get('/', answer as () => Response)
  return app
}
const bytesOf = async (answer: () => object, accept = 'text/event-stream'): Promise<string> =>
  (await serving(answer).request('/', { headers: { accept } })).text()

describe('stream_to_fragments', () => {
  test('grows the variable `text`, and no other, by default', async () => {
    expect(await shown(streamToFragments(['Hel', 'lo'], 'ask.html', 'response'))).toEqual([
      ['response', undefined, { text: 'Hel', streaming: true, failed: false }],
      ['response', undefined, { text: 'Hello', streaming: true, failed: false }],
      ['response', undefined, { text: 'Hello', streaming: false, failed: false }],
    ])
  })

  test('takes another name for it, and more variables, which it wins over', async () => {
    const options = { contextKey: 'body', extraContext: { mood: 'calm', body: 'x', text: 'kept' } }
    expect((await shown(streamToFragments(['Hi'], 'ask.html', 'answer', options))).at(-1)).toEqual([
      'answer',
      undefined,
      { mood: 'calm', text: 'kept', body: 'Hi', streaming: false, failed: false },
    ])
  })
})

describe('stream_with_sources', () => {
  const sources = ['one']

  test('renders the block `response`, and no sources where there is no block for them', async () => {
    const bytes = await bytesOf(
      () => new EventStream(() => streamWithSources(['Hi'], 'ask.html', { sources })),
    )
    expect(bytes).toContain('<p>Hi</p>')
    expect(bytes).not.toMatch(/<ol|#sources/)
  })

  test('renders the blocks that are named, first the sources, once, and hands both on', async () => {
    const seen = await shown(
      streamWithSources(['Hi'], 'ask.html', {
        sources,
        responseBlock: 'answer',
        sourcesBlock: 'refs',
        contextKey: 'body',
        extraContext: { mood: 'calm' },
      }),
    )
    const all = { mood: 'calm', sources, failed: false }
    expect(seen).toEqual([
      ['refs', '#refs', { mood: 'calm', sources }],
      ['answer', undefined, { ...all, body: 'Hi', streaming: true }],
      ['answer', undefined, { ...all, body: 'Hi', streaming: false }],
    ])
    const bytes = await bytesOf(
      () =>
        new EventStream(() =>
          streamWithSources(['Hi'], 'ask.html', {
            sources,
            responseBlock: 'answer',
            sourcesBlock: 'refs',
            contextKey: 'body',
            extraContext: { mood: 'calm' },
          }),
        ),
    )
    expect(bytes).toContain('<ol hx-swap-oob="outerHTML:#refs" id="refs">one</ol>')
    expect(bytes).toContain('<p id="answer">Hi calm one</p>')
  })

  test.each([[null], [undefined]])('shows no sources when they are %s', async (none) => {
    const options = { sources: none as null, sourcesBlock: 'refs' }
    const seen = await shown(streamWithSources(['Hi'], 'ask.html', options))
    expect(seen.map(([block]) => block)).toEqual(['response', 'response'])
  })
})

test('EventStream: a comment after each 15 idle seconds, and after no others', async () => {
  const clock = controlledClock()
  const source = async function* (): AsyncGenerator<string> {
    yield 'a'
    await sleep(14_000)
    yield 'b'
    await sleep(14_000)
    yield 'c'
    await sleep(31_000)
  }
  const text = bytesOf(() => new EventStream(source, { encoding: plain }))
  await clock.advance(60_000)
  clock.release()
  expect(await text).toBe('data: a\n\ndata: b\n\ndata: c\n\n: ping\n\n: ping\n\n')
})

test('EventStream: a source of text and of fragments ends with the event `done`', async () => {
  const bytes = await bytesOf(() => new EventStream(() => ['a']))
  expect(bytes).toBe('data: a\n\nevent: done\ndata: {"reason":"done"}\n\n')
})
