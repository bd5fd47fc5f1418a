import { Hono, type Context } from 'hono'
import { html } from 'hono/html'
import { z } from 'zod'
import {
  createRuns,
  nunjucksEngine,
  swapstream,
  type SwapstreamOptions,
} from '../../../src/index.ts'
import { serve, type ServeOptions, type Serving } from '../../../src/node.ts'
import { fromRecord } from '../../../src/templates/source.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { pageHtml } from '../../../src/html/page-html.ts'
import { blockTree } from '../../../src/htmx/block-tree.ts'
import { treeOf } from '../../../src/html/read-tree.ts'

const templates = {
  'chat.html': '<div>{% block response %}<p>{{ text }}</p>{% endblock %}</div>',
  'ask.html':
    '<ol>{% block sources %}{% endblock %}</ol>{% block form %}<form></form>{% endblock %}{% block response %}<p>{{ text }}</p>{% endblock %}',
  'feed.html': '{% block item %}<li>{{ item }}</li>{% endblock %}',
}

/** Servers that examples have started. */
export const started: Serving[] = []

/** What a reader of an example would have around it. */
export function surroundings() {
  const app = new Hono()
  app.use(swapstream({ templates, log: recordingLog() }))
  const request = {
    raw: new Request('http://localhost/'),
    parseBody: async () => ({ prompt: 'Hi' }),
  }
  return {
    app,
    blockTree,
    bundle: { compiled: {}, assets: {} },
    pageHtml,
    treeOf,
    engine: nunjucksEngine({ templates }),
    fromRecord,
    c: { req: request } as unknown as Context,
    swapstream: (options: SwapstreamOptions) => swapstream({ ...options, templates }),
    nunjucksEngine: (options: object): ReturnType<typeof nunjucksEngine> =>
      nunjucksEngine({ ...options, templates }),
    serve(served: Hono, options: ServeOptions = {}): Serving {
      const server = serve(served, { ...options, port: 0, onListen: () => {}, signals: false })
      started.push(server)
      return server
    },
    async *ask(prompt: unknown, _signal?: AbortSignal) {
      yield String(prompt)
    },
    async *answer(question: unknown, _sources?: unknown, _signal?: AbortSignal) {
      yield String(question)
    },
    html,
    layout: () => '<main></main>',
    schema: z.object({ question: z.string() }),
    runs: createRuns(),
    search: async (_question: unknown) => [{ title: 'One' }],
    openai: {
      chat: {
        completions: {
          create: async (_request: object, _options?: object) => [
            { choices: [{ delta: { content: 'Hi' } }] },
          ],
        },
      },
    },
    messages: [{ role: 'user', content: 'Hi' }],
    form: new URLSearchParams({ prompt: 'Hi' }),
    fetch: async (path: string, _init?: RequestInit) =>
      path === '/movies' ? new Response('{"title":"Alien"}\n') : new Response('data: Hi\n\n'),
    reader: new Response('').body!.getReader(),
    async *readAll(_reader: unknown) {},
    pino: recordingLog,
    console: { log(..._said: unknown[]) {} },
    question: 'Why?',
    prompt: 'Hi',
    user: 'Ada',
    item: 'one',
    signal: new AbortController().signal,
    process(_value: unknown) {},
    show(_value: unknown) {},
    ping() {},
  }
}
