import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import {
  EventStream,
  Fragment,
  ownerOf,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
} from 'swapstream'
import { createApp as createChat } from '../../examples/chat/app.ts'
import { createConversations } from '../../examples/chat/conversations.ts'
import { recordingLog } from './recording-log.ts'

const { resolve } = createRequire(import.meta.url)

/** Ends in each kind of text that a browser draws in its own way. */
const PARTS = [
  ...Array.from({ length: 12 }, (_, n) => `Line ${n} *begins* and ends.\n\n`),
  '```js\nconst wide = ',
  `'${'x'.repeat(200)}'\n`,
  '```\n\n',
  '| name | cost |\n|---|---|\n',
  '| tea | 2 |\n',
  '| milk | 1 |\n\n',
  'هذا نص عربي ',
  'من اليمين.\n\n',
  'The end.',
]
const SOURCES = [
  { title: 'Teapots', url: '/source', snippet: 'A teapot keeps tea warm.' },
  { title: 'Kettles', url: '/source?of=kettles' },
]
const ANSWER_FROM_SOURCES = `[1]: #src-1-1 "Teapots"\n\nIt keeps tea warm [1]. So it does.`

const templates = {
  'page.html': `{% import "swapstream/chat.html" as chat %}<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sources</title>{% include "swapstream/head.html" %}<script src="/swapstream/swapstream.js" defer></script></head>
<body class="chat"><main>{% call chat.conversation() %}{% block turn %}{% if prompt %}<article class="turn" id="turn-1">{{ chat.message(prompt) }}{{ chat.sources(sources, 1) }}<div class="answer" aria-busy="{{ streaming }}"><div class="prose">{{ text | markdown }}</div></div></article>{% endif %}{% endblock %}{% endcall %}</main><footer>{{ chat.composer("/ask") }}</footer></body></html>`,
  'source.html':
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Source</title></head><body><h1>A source</h1></body></html>',
  'chart.html': `{% from "swapstream/stream.html" import follow %}<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Chart</title>{% include "swapstream/head.html" %}</head>
<body>{{ follow("/bars") }}<svg viewBox="0 0 100 20" width="500" height="100"><g id="bars">{% block bars %}{% for bar in bars %}<rect x="{{ loop.index0 * 10 }}" width="8" height="{{ bar }}"><title>{{ bar }}</title></rect>{% endfor %}{% endblock %}</g></svg></body></html>`,
}

/** Yields as many values as a test allows, and waits before the next one. */
export class Gate {
  #allowed = 0
  #wake = (): void => {}

  allow(count: number): void {
    this.#allowed = count
    this.#wake()
  }
  async *values<T>(all: readonly T[]): AsyncGenerator<T> {
    for (const [n, value] of all.entries()) {
      while (n >= this.#allowed) await new Promise<void>((resume) => (this.#wake = resume))
      yield value
    }
  }
  parts(): AsyncGenerator<string> {
    return this.values(PARTS)
  }
}

/** The chat with a model that writes as much as its gate allows, on a page with one version of htmx. */
export function createChatApp(version: string, runs: Runs, gate: Gate): Hono {
  const app = new Hono()
  if (version !== '4.0.1') {
    const files = ['htmx2/dist/htmx.min.js', 'htmx-ext-sse/sse.js']
    const script = files.map((file) => readFileSync(resolve(file), 'utf8')).join('\n')
    const type = { 'content-type': 'text/javascript' }
    app.get('/swapstream/htmx.js', (c) =>
      c.body(`${script}\nhtmx.config.includeIndicatorStyles = false`, 200, type),
    )
  }
  app.get('/other', (c) => c.html('<p id="other">Another page.</p>'))
  const model = { name: 'test', suggestions: [], answer: () => gate.parts() }
  app.route('/', createChat(runs, model, createConversations()))
  return app
}

/** Answers one question, with two sources. */
export function createSourcesApp(runs: Runs): Hono {
  const app = new Hono()
  app.use(swapstream({ templates, log: recordingLog() }))
  let turn = {}
  app.get('/', () => new Page('page.html', turn))
  app.get('/source', () => new Page('source.html'))
  app.post('/ask', async (c) => {
    const { prompt } = await c.req.parseBody()
    const extraContext = { prompt, sources: SOURCES }
    turn = { ...extraContext, text: ANSWER_FROM_SOURCES, streaming: false }
    const words = ANSWER_FROM_SOURCES.split(/(?<= )/)
    const source = () => streamToFragments(words, 'page.html', 'turn', { extraContext })
    return new EventStream(await runs.start(source, { owner: ownerOf(c) }))
  })
  app.route('/runs', runRoutes(runs))
  return app
}

/** Draws a bar for each value that its gate allows. */
export function createChartApp(gate: Gate): Hono {
  const app = new Hono()
  app.use(swapstream({ templates, log: recordingLog() }))
  app.get('/', () => new Page('chart.html', { bars: [] }))
  app.get('/bars', () => {
    async function* charts(): AsyncGenerator<Fragment> {
      const bars: number[] = []
      for await (const bar of gate.values([5, 10, 20])) {
        bars.push(bar)
        yield new Fragment('chart.html', 'bars', { bars: [...bars] }, { target: '#bars' })
      }
    }
    return new EventStream(charts)
  })
  return app
}

/** A page of which a browser runs no script. */
export function createAppWithoutScripts(gate: Gate): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('content-security-policy', 'sandbox allow-forms allow-same-origin')
  })
  const hello = new URL('../../examples/hello/templates', import.meta.url)
  app.use(swapstream({ templates: hello, log: recordingLog() }))
  app.get('/', () => new Page('chat.html'))
  app.post(
    '/chat',
    () => new EventStream(() => streamToFragments(gate.parts(), 'chat.html', 'response')),
  )
  return app
}
