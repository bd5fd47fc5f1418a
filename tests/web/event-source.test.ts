import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import {
  events,
  EventStream,
  Fragment,
  plain,
  swapstream,
  type EventStreamOptions,
} from 'swapstream'

const EVENT_SOURCE = { accept: 'text/event-stream', 'cache-control': 'no-cache' }

function appWith(options: EventStreamOptions, values: () => unknown[]) {
  const app = new Hono()
  let started = 0
  app.use(swapstream({ templates: { 'x.html': '{% block b %}<p id="p">1</p>{% endblock %}' } }))
  app.all('/x', () => new EventStream(() => (started++, values()), options))
  const ask = (headers: Record<string, string>, method = 'GET') =>
    app.request('/x', { method, headers })
  return { ask, started: () => started }
}

/** The last id that a reader of the event stream knows. */
const idIn = (text: string): string => /id: (.*)\n\n$/.exec(text)?.[1] ?? ''

describe('an EventSource of a page that does not close it', () => {
  test.each<[string, EventStreamOptions, () => unknown[]]>([
    ['fragments', {}, () => [new Fragment('x.html', 'b', {}, { target: '#p' })]],
    ['named events', { encoding: events() }, () => ['a']],
    ['unnamed events', { encoding: plain }, () => ['a']],
  ])('is answered with 204 once the stream has ended: %s', async (_, options, values) => {
    const { ask, started } = appWith(options, values)
    const id = idIn(await (await ask(EVENT_SOURCE)).text())
    expect(id).not.toBe('')
    const again = await ask({ ...EVENT_SOURCE, 'last-event-id': id })
    expect([again.status, await again.text(), started()]).toEqual([204, '', 1])
  })

  test('gets a stream that failed again', async () => {
    const { ask, started } = appWith({ encoding: events() }, () => {
      throw new Error('no')
    })
    await ask(EVENT_SOURCE)
    await ask({ ...EVENT_SOURCE, 'last-event-id': '' })
    expect(started()).toBe(2)
  })
})

test('other clients get the end as it is, and whatever they ask for', async () => {
  const { ask, started } = appWith({ encoding: events() }, () => ['a'])
  for (const [headers, method] of [
    [{ accept: 'text/event-stream' }, 'GET'],
    [EVENT_SOURCE, 'POST'],
    [{ ...EVENT_SOURCE, accept: 'text/html, text/event-stream' }, 'GET'],
  ] as const) {
    const text = await (
      await ask({ ...headers, 'last-event-id': 'swapstream-over' }, method)
    ).text()
    expect(text).toBe('data: a\n\nevent: done\ndata: {"reason":"done"}\n\n')
  }
  expect(started()).toBe(3)
})
