/**
 * What LlamaBot's `sse_stream` could do, one test for each of its promises, in the order of the list we keep of them. The
 * page in a browser is `tests/browser/hello.test.ts`, and each example is run as its readers run it in `tests/examples`.
 */
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import {
  createRuns,
  EventStream,
  mount,
  events,
  Page,
  runRoutes,
  stream,
  streamToFragments,
  swapstream,
  tokens,
  type Fragment,
  type TokenSource,
} from 'swapstream'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { fakeTokens, openStream } from 'swapstream/testing'
import { write } from '../../examples/progress/report.ts'
import { answer as useTools } from '../../examples/tools/answer.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { useLetGo } from '../support/let-go.ts'
import { recordingLog } from '../support/recording-log.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'

afterEach(() => expectNothingLeft(timersRunning))
const letGo = useLetGo()

/** Anything with an asynchronous stream of texts is a bot. */
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
    encoding: events({ event: 'content', done: 'complete' }),
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
    'event: content\ndata: Hello \n\nevent: content\ndata: you\n\nevent: complete\ndata: {"reason":"done"}\n\n',
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
  expect(await (await ask([''])).text()).toBe('event: complete\ndata: {"reason":"done"}\n\n')
})

test('L5: several messages, at least one', async () => {
  expect(await (await ask(['a', 'b'])).text()).toContain('data: a\n\nevent: content\ndata: b\n\n')
  expect((await ask([])).status).toBe(422)
})

async function collected<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

const shapes: Readonly<Record<string, () => TokenSource>> = {
  'a generator': () => bot.stream('a b'),
  'a list': () => ['a ', 'b'],
  'a web stream': () => new Response('a b').body!.pipeThrough(new TextDecoderStream()),
  'a web stream of bytes': () => new Response('a b').body!,
  'a response': () => new Response('a b'),
  'what the AI SDK returns': () => ({ textStream: bot.stream('a b') }),
  'pieces of OpenAI': () => [
    { choices: [{ delta: { content: 'a ' } }] },
    { choices: [{ delta: { content: 'b' } }] },
  ],
  'pieces of Ollama': () => [
    { message: { content: 'a ' }, done: false },
    { message: { content: 'b' }, done: true },
  ],
  'a promise of any': () => Promise.resolve(bot.stream('a b')),
  'a function of a signal': () => (signal: AbortSignal) => bot.stream(signal.aborted ? '' : 'a b'),
}
test.each(Object.keys(shapes))('L6: %s is a source of text by its shape alone', async (shape) => {
  expect((await collected(tokens(shapes[shape]!()))).join('')).toBe('a b')
})

test('L7: empty texts are dropped; a model that does not stream gives one text', async () => {
  expect(await collected(tokens(['', 'a', '', 'b']))).toEqual(['a', 'b'])
  expect(await collected(tokens(Promise.resolve('whole')))).toEqual(['whole'])
})

test('L8: a client reads what was sent, leading spaces and line breaks included, wherever it is cut', async () => {
  const texts = [' leading', 'two\nlines', '\ttab', 'é✓']
  const spaced = stream(
    { path: '/spaced', encoding: events({ event: 'content' }) },
    async function* () {
      yield* texts
    },
  )
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
    const received: ReadEvent[] = []
    const headers = { 'content-type': 'text/event-stream' }
    for await (const event of readEvents(new Response(body, { headers }))) received.push(event)
    expect(received.filter(({ event }) => event === 'content').map(({ data }) => data)).toEqual(
      texts,
    )
    expect(received.at(-1)).toMatchObject({ event: 'done' })
  }
})

const PAGE =
  '<form action="/ask"></form><div id="answer">{% block answer %}<p aria-busy="{{ streaming }}">{{ text }}</p>{% endblock %}</div>'

test('L9: the form itself gets the stream: escaped, growing, busy until its end; an unknown run is 404', async () => {
  const page = letGo(new Hono())
  page.use(swapstream({ templates: { 'page.html': PAGE }, log: recordingLog() }))
  page.post('/ask', async (c) => {
    const { message } = await c.req.parseBody<{ message: string }>()
    const source = (): AsyncIterable<Fragment> =>
      streamToFragments(bot.stream(message), 'page.html', 'answer')
    return new EventStream(source, { frameMs: 0, updates: 'full' })
  })
  const runs = createRuns()
  page.route('/runs', runRoutes(runs))
  const form = (): RequestInit => ({
    method: 'POST',
    body: new URLSearchParams({ message: 'Hi <b>you</b>' }),
  })
  const received = await (await openStream(page, '/ask', form())).all()
  expect(shownAfterEach(received)[0]).toBe('<p aria-busy="true">Hi </p>')
  expect(received.map(({ data }) => data).join('')).not.toContain('<b>')
  expect(shownAtEnd(received)).toBe('<p aria-busy="false">Hi &lt;b&gt;you&lt;/b&gt;</p>')
  expect((await page.request('/runs/nobody')).status).toBe(404)
  await runs.close()
})

test('L10: tools and structured answers run offline', async () => {
  const site = letGo(new Hono())
  const templates = {
    'tools.html':
      '<ol id="steps">{% block steps %}{% for step in steps %}<li>{{ step.name }} {{ step.output }}</li>{% endfor %}{% endblock %}</ol>{% block answer %}<p>{{ text }}</p>{% endblock %}',
  }
  site.use(swapstream({ templates, log: recordingLog() }))
  site.post('/tools', () => new EventStream(useTools('hono')))
  const headers = { accept: 'text/html' }
  const page = await (await site.request('/tools', { method: 'POST', headers })).text()
  expect(page).toMatch(
    /<li>installedVersion [\d.]+<\/li><\/ol><p>I looked it up: hono [\d.]+\.<\/p>$/,
  )

  const work = write({ json: { pages: 1 } })
  expect(await work.next()).toEqual({ done: false, value: { done: 1 } })
  expect(await work.next()).toEqual({ done: true, value: { url: '/reports/1' } })
})

test('L11: a model for tests needs no key and no network, and fails when a test asks for it', async () => {
  expect(await collected(fakeTokens('Hello my friend'))).toEqual(['Hello ', 'my ', 'friend'])
  const failing = fakeTokens('Hello my friend', { failAt: 1 })
  expect(await failing.next()).toEqual({ done: false, value: 'Hello ' })
  await expect(failing.next()).rejects.toMatchObject({ code: 'source/failed' })
})

test('L12: an empty message is 422: the form again for htmx, its faults for a program', async () => {
  const form = stream(
    {
      path: '/form',
      input: { form: z.object({ message: z.string().min(1, 'Type something.') }) },
      encoding: 'fragments',
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
