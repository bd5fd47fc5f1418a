import { Eta } from 'eta'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { EventStream, Fragment, Page, streamToFragments, swapstream } from 'swapstream'
import type { TemplateEngine } from 'swapstream/core'
import { applyFrames, openStream } from 'swapstream/testing'
import { STREAMING_REQUEST } from '../../src/htmx/request.ts'
import { fragmentsOf, streamBlock } from '../support/block-stream.ts'

/** Another template language, plugged in by three functions. A block is a partial of its own: `chat.answer`. */
function etaEngine(templates: Readonly<Record<string, string>>): TemplateEngine {
  const eta = new Eta()
  for (const [name, text] of Object.entries(templates)) eta.loadTemplate(`@${name}`, text)
  return {
    render: async (template, context = {}) => eta.render(`@${template}`, context),
    async open(template, block, context = {}) {
      return {
        render: (changes) => eta.render(`@${template}.${block}`, { ...context, ...changes }),
      }
    },
    blocks: async (template) =>
      Object.keys(templates)
        .filter((name) => name.startsWith(`${template}.`))
        .map((name) => name.slice(template.length + 1)),
  }
}

const engine = etaEngine({
  chat: '<main id="answer"><%~ include("@chat.answer", it) %></main>',
  'chat.answer':
    '<article>\n  <p><%= it.text %><% if (it.streaming) { %>…<% } %></p>\n  <small><%= it.text.length %> characters</small>\n</article>',
})
const WORDS = 'Another engine writes <b> & its page grows by what is new. '
  .repeat(8)
  .split(/(?<= )/)

test('blocks of Eta travel in small frames, and end as the block', async () => {
  const app = new Hono()
  app.use(swapstream({ engine, frameMs: 0 }))
  app.get('/', () => new Page('chat', { text: '', streaming: false }))
  app.post('/chat', () => new EventStream(() => streamToFragments(WORDS, 'chat', 'answer')))
  const stream = await openStream(app, '/chat', { method: 'POST', headers: STREAMING_REQUEST })
  const frames = (await stream.all()).filter(({ event }) => event === undefined)
  const text = WORDS.join('')
  const whole = await (await engine.open('chat', 'answer')).render({ text, streaming: false })
  expect(
    applyFrames(
      '<div id="to"></div>',
      frames.map(({ data }) => data),
      { target: '#to' },
    ),
  ).toBe(`<html><head></head><body><div id="to">${whole}</div></body></html>`)
  const page = await (await app.request('/')).text()
  expect(page).toContain('<article>')
})

test('a block of Eta costs bytes that grow with its text, for each version of htmx', async () => {
  for (const htmx of [4, 2] as const) {
    const bytesOf = async (count: number): Promise<number> => {
      const contexts = Array.from({ length: count }, (_, n) => ({
        text: 'word '.repeat(n + 1),
        streaming: n < count - 1,
      }))
      return (await streamBlock(engine, fragmentsOf(contexts, 'chat', 'answer'), { htmx })).bytes
    }
    expect((await bytesOf(200)) / (await bytesOf(50))).toBeLessThan(4.8)
  }
})

test('a fragment written by hand names a block of Eta as one of nunjucks', async () => {
  const fragment = new Fragment('chat', 'answer', { text: 'Hi', streaming: false })
  const { frames } = await streamBlock(engine, [fragment], { htmx: 4 })
  expect(frames[0]!.join('')).toContain('<p>Hi</p>')
})
