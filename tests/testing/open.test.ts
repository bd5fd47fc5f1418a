import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { EventStream, events, Page, streamToFragments, swapstream } from 'swapstream'
import { applyFrames, controlledClock, openStream } from 'swapstream/testing'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

const templates = {
  'chat.html':
    '<body><div id="answer">{% block response %}{% if text %}<p>{{ text }}</p>{% endif %}{% endblock %}</div></body>',
}

function setUp(): Hono {
  const app = new Hono()
  app.use(swapstream({ templates, log: recordingLog() }))
  app.get('/', () => new Page('chat.html'))
  app.post(
    '/chat',
    () => new EventStream(() => streamToFragments(['Hel', 'lo'], 'chat.html', 'response')),
  )
  return app
}

afterEach(() => expectNothingLeft(timersRunning))

describe('open', () => {
  test('reads a stream with any method, and the page it ends in is the page drawn whole', async () => {
    const app = setUp()
    const stream = await openStream(app, '/chat', { method: 'POST' })
    expect(stream.response.status).toBe(200)
    const received = await stream.all()
    expect(received.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
    const frames = received.filter(({ event }) => event === undefined).map(({ data }) => data)
    const page = await (await app.request('/')).text()
    expect(applyFrames(page, frames, { target: '#answer' })).toBe(
      '<html><head></head><body><div id="answer"><p>Hello</p></div></body></html>',
    )
  })

  test('reads until an event fits, goes on, and leaves', async () => {
    const app = setUp()
    let closed = 0
    app.get(
      '/tick',
      () =>
        new EventStream(
          async function* () {
            try {
              for (let n = 1; ; n++) yield { n }
            } finally {
              closed += 1
            }
          },
          { encoding: events() },
        ),
    )
    const stream = await openStream(app, '/tick')
    expect((await stream.until(({ data }) => data === '{"n":3}')).map(({ data }) => data)).toEqual([
      '{"n":1}',
      '{"n":2}',
      '{"n":3}',
    ])
    for await (const { data } of stream) {
      expect(data).toBe('{"n":4}')
      break
    }
    expect(await stream.until(() => true)).toMatchObject([{ data: '{"n":5}' }])
    await stream.disconnect()
    await eventually(() => expect(closed).toBe(1))
  })

  test('sees the heartbeat of a silent stream as soon as its time is moved', async () => {
    const clock = controlledClock()
    try {
      const app = setUp()
      app.get(
        '/silent',
        () =>
          new EventStream(
            async function* ({ signal }) {
              await new Promise((resolve) => signal.addEventListener('abort', resolve))
            },
            { encoding: events(), limits: { idleSourceMs: 40_000 } },
          ),
      )
      const opening = app.request('/silent')
      await clock.advance(250)
      const text = (await opening).text()
      await clock.advance(40_000)
      expect(await text).toBe(': ping\n\n: ping\n\nevent: done\ndata: {"reason":"timeout"}\n\n')
    } finally {
      clock.release()
    }
  })
})
