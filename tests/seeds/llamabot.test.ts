/**
 * What LlamaBot's `sse_stream` could do, one test for each of its promises, in the order of the list we keep of them. L9,
 * the page in a browser, is `tests/browser/hello.test.ts`. L10, its family of demos: chat is `examples/hello`, retrieval
 * `examples/ask`, tools and agent `examples/tools`, structured answers and progress `examples/progress`; each runs
 * offline, in its own test.
 */
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { mount, named, Page, stream, swapstream, tokens } from 'swapstream'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { timersRunning } from '../../src/base/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { useLetGo } from '../support/let-go.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))
const letGo = useLetGo()

/** Anything with an asynchronous stream of texts is a bot (L6), and this one needs no key and no network (L11). */
const bot = {
  async *stream(...messages: readonly string[]): AsyncGenerator<string> {
    for (const message of messages) {
      if (message === 'fail') throw new Error('SECRET')
      yield* message.split(/(?<=\s)/)
    }
  },
}

const chat = stream(
  {
    path: '/chat',
    input: { json: z.object({ messages: z.array(z.string()).min(1) }) },
    wire: named({ event: 'content', done: 'complete' }),
  },
  async function* ({ json }) {
    yield* tokens(bot.stream(...json.messages))
  },
)

function serving(...routes: readonly [object, ...object[]]) {
  const app = letGo(new Hono())
  const templates = {
    'chat.html': '{% block form %}<p role="alert">{{ problem }}</p>{% endblock %}',
  }
  app.use(swapstream({ templates, log: recordingLog() }))
  mount(app, ...routes)
  return app
}

const app = (): Hono => serving(chat)
const ask = async (messages: readonly string[]): Promise<Response> =>
  app().request('/chat', {
    method: 'POST',
    body: JSON.stringify({ messages }),
    headers: { 'content-type': 'application/json' },
  })

test('L1, L2: each text is an event of the name that was chosen, and so is the end', async () => {
  expect(await (await ask(['Hello you'])).text()).toBe(
    'event: content\ndata: Hello \n\nevent: content\ndata: you\n\nevent: complete\ndata: {"reason":"stop"}\n\n',
  )
})

test('L3: a failure is an error event, without its text, and nothing behind it', async () => {
  const text = await (await ask(['Hello', 'fail'])).text()
  expect(text).toMatch(
    /^event: content\ndata: Hello\n\nevent: error\ndata: \{"reason":"error",.*\}\n\n$/,
  )
  expect(text).not.toMatch(/SECRET|complete/)
})

test('L4: an empty stream is one event', async () => {
  expect(await (await ask([''])).text()).toBe('event: complete\ndata: {"reason":"stop"}\n\n')
})

test('L5: several messages, at least one', async () => {
  expect(await (await ask(['a', 'b'])).text()).toContain('data: a\n\nevent: content\ndata: b\n\n')
  expect((await ask([])).status).toBe(422)
})

test('L7: empty texts are dropped; a model that does not stream gives one text', async () => {
  const collected = async (source: Parameters<typeof tokens>[0]): Promise<string[]> => {
    const texts: string[] = []
    for await (const text of tokens(source)) texts.push(text)
    return texts
  }
  expect(await collected(['', 'a', '', 'b'])).toEqual(['a', 'b'])
  expect(await collected(Promise.resolve('whole'))).toEqual(['whole'])
})

test('L8: a client reads what was sent, leading spaces and line breaks included, wherever it is cut', async () => {
  const texts = [' leading', 'two\nlines', '\ttab', 'é✓']
  const spaced = stream({ path: '/spaced', wire: named({ event: 'content' }) }, async function* () {
    yield* texts
  })
  const bytes = new Uint8Array(
    await (await serving(spaced).request('/spaced', { method: 'POST' })).arrayBuffer(),
  )
  for (let cut = 0; cut <= bytes.length; cut++) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes.slice(0, cut))
        controller.enqueue(bytes.slice(cut))
        controller.close()
      },
    })
    const events: ReadEvent[] = []
    const headers = { 'content-type': 'text/event-stream' }
    for await (const event of readEvents(new Response(body, { headers }))) events.push(event)
    expect(events.filter(({ event }) => event === 'content').map(({ data }) => data)).toEqual(texts)
    expect(events.at(-1)).toMatchObject({ event: 'done' })
  }
})

test('L12: an empty message is 422: the form again for htmx, its faults for a program', async () => {
  const form = stream(
    {
      path: '/form',
      input: { form: z.object({ message: z.string().min(1, 'Type something.') }) },
      wire: 'fragments',
      invalid: ([error]) =>
        new Page('chat.html', { problem: error?.message }, { block: 'form', target: '#ask' }),
    },
    async function* () {},
  )
  const post = (headers: Record<string, string>) =>
    serving(form).request('/form', {
      method: 'POST',
      body: 'message=',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  const htmx = await post({ 'HX-Request': 'true' })
  expect([htmx.status, await htmx.text()]).toEqual([422, '<p role="alert">Type something.</p>'])
  const program = await post({})
  expect(program.status).toBe(422)
  expect((await program.json()).errors).toEqual([
    { in: 'form', path: 'message', message: 'Type something.' },
  ])
})
