import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import * as swapstream from 'swapstream'
import * as client from 'swapstream/client'
import * as models from 'swapstream/models'
import * as node from 'swapstream/node'
import { fromRecord } from '../../src/render/template-source.ts'
import { recordingLog } from '../support/recording-log.ts'

/**
 * The examples of the doc comments are programs: each one runs here, with the names below at hand and everything its
 * file exports. `expression // → value` is an assertion.
 */
const SRC = join(import.meta.dirname, '../../src')
const AsyncGeneratorFunction = Object.getPrototypeOf(async function* () {}).constructor as new (
  ...parameters: string[]
) => (...values: unknown[]) => AsyncGenerator<unknown>

const TEMPLATES = {
  'chat.html': '<div>{% block response %}<p>{{ text }}</p>{% endblock %}</div>',
  'ask.html':
    '<ol>{% block sources %}{% endblock %}</ol>{% block form %}<form></form>{% endblock %}{% block response %}<p>{{ text }}</p>{% endblock %}',
  'feed.html': '{% block item %}<li>{{ item }}</li>{% endblock %}',
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** What a reader of an example would have around it. */
function surroundings(): Record<string, unknown> {
  const app = new Hono()
  app.use(swapstream.swapstream({ templates: TEMPLATES, log: recordingLog() }))
  const engine = swapstream.nunjucksEngine({ templates: TEMPLATES })
  return {
    app,
    engine,
    fromRecord,
    c: {
      req: { raw: new Request('http://localhost/'), parseBody: async () => ({ prompt: 'Hi' }) },
    },
    swapstream: (options: object) => swapstream.swapstream({ ...options, templates: TEMPLATES }),
    nunjucksEngine: (options: object) =>
      swapstream.nunjucksEngine({ ...options, templates: TEMPLATES }),
    serve: (served: Hono, options: object) => {
      const server = node.serve(served, { ...options, port: 0, onListen: () => {}, signals: false })
      closing.push(async () => {
        await server.ready
        await server.close(0)
      })
      return server
    },
    async *ask(prompt: string) {
      yield prompt
    },
    async *answer(question: string) {
      yield question
    },
    search: async () => [{ title: 'One' }],
    openai: {
      chat: { completions: { create: async () => [{ choices: [{ delta: { content: 'Hi' } }] }] } },
    },
    messages: [{ role: 'user', content: 'Hi' }],
    form: new URLSearchParams({ prompt: 'Hi' }),
    fetch: async (path: string) =>
      path === '/movies' ? new Response('{"title":"Alien"}\n') : new Response('data: Hi\n\n'),
    reader: new Response('').body!.getReader(),
    async *readAll() {},
    pino: () => ({ debug() {}, info() {}, warn() {}, error() {} }),
    console: { log() {} },
    question: 'Why?',
    prompt: 'Hi',
    user: 'Ada',
    item: 'one',
    signal: new AbortController().signal,
    process() {},
    show() {},
    ping() {},
  }
}

function examplesOf(file: string): { name: string; code: string }[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  return [
    ...text.matchAll(
      /\/\*\*([^]*?)\*\/\s*(?:export )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|class|const|interface|type)?\s*(\w+)?/g,
    ),
  ].flatMap(([, comment, name]) =>
    comment!
      .split(/^\s*\* ?@/m)
      .filter((part) => part.startsWith('example'))
      .map((part) => ({
        name: name ?? file,
        code: part
          .slice('example'.length)
          .replace(/^[ \t]*\* ?/gm, '')
          .trim(),
      })),
  )
}

/** `expression // → value` becomes a check. */
const withChecks = (code: string): string =>
  code.replace(/^(.+?)\s*\/\/ → (.+)$/gm, (_, expression: string, value: string) =>
    /^(?:const|let) /.test(expression)
      ? `${expression}\ncheck(${/^(?:const|let) (\w+)/.exec(expression)![1]}, ${value})`
      : `check(await (${expression}), ${value})`,
  )

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.d.ts'),
)

describe('the example of', () => {
  for (const file of files) {
    for (const { name, code } of examplesOf(file)) {
      test(`${name} in ${file} runs`, async () => {
        const own = (await import(pathToFileURL(join(SRC, file)).href)) as Record<string, unknown>
        const check = (value: unknown, wanted: unknown): void => expect(value).toEqual(wanted)
        const scope: Record<string, unknown> = {
          ...swapstream,
          ...client,
          ...models,
          ...node,
          ...own,
          ...surroundings(),
          check,
        }
        const run = new AsyncGeneratorFunction(...Object.keys(scope), `{${withChecks(code)}\n}`)
        for await (const _ of run(...Object.values(scope))) continue
      })
    }
  }
})
