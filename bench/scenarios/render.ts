import { readFileSync } from 'node:fs'
import nunjucks from 'nunjucks'
import { nunjucksEngine } from 'swapstream'
import { Results } from '../report/results.ts'
import type { Scenario } from './scenario.ts'

const folder = new URL('../../scenarios/render', import.meta.url)
const names = ['layout.html', 'chat.html', 'ui.html']
const templates = Object.fromEntries(
  names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]),
)
const escape = (nunjucks.lib as unknown as { escape(text: string): string }).escape

const words = 'the quick brown fox jumps over a lazy dog while it rains, & nobody minds. '
const prose = (chars: number): string =>
  words.repeat(Math.ceil(chars / words.length)).slice(0, chars)
const context = {
  title: 'Chat',
  user: { name: 'Ada' },
  links: Array.from({ length: 8 }, (_, at) => ({ href: `/l/${at}`, label: `Link ${at}` })),
  messages: Array.from({ length: 30 }, (_, at) => ({
    role: at % 2 ? 'bot' : 'user',
    text: prose(80),
  })),
  id: 'answer-1',
}

const engine = nunjucksEngine({ templates })
const env = new nunjucks.Environment(
  { getSource: (name: string) => ({ src: templates[name]!, path: name, noCache: false }) } as never,
  { autoescape: true },
)

/** The usual way without a renderer: run the page with its blocks stubbed, then the one block. */
interface Inner {
  blocks: Record<string, (...values: unknown[]) => void>
  rootRenderFunc: (...values: unknown[]) => void
}
const page = env.getTemplate('chat.html', true) as unknown as Inner
const { Frame } = nunjucks.runtime as unknown as { Frame: new () => { topLevel: boolean } }
function naive(text: string): string {
  const variables: Record<string, unknown> = { ...context, text }
  const table: Record<string, ((...values: unknown[]) => void)[]> = {}
  for (const name in page.blocks) table[name] = [page.blocks[name]!]
  const pageContext = {
    lookup: (name: string) =>
      name in variables
        ? variables[name]
        : (env as unknown as { globals: Record<string, unknown> }).globals[name],
    setVariable: (name: string, value: unknown) => (variables[name] = value),
    getVariables: () => variables,
    addExport() {},
    addBlock: (name: string, draw: (...values: unknown[]) => void) =>
      (table[name] ??= []).push(draw),
    getBlock:
      () =>
      (_e: unknown, _c: unknown, _f: unknown, _r: unknown, done: (e: unknown, t: string) => void) =>
        done(null, ''),
  }
  const frame = new Frame()
  frame.topLevel = true
  let html = ''
  const keep = (_error: unknown, text_: string): void => void (html = text_)
  page.rootRenderFunc(env, pageContext, frame, nunjucks.runtime, () => {})
  table['answer']![0]!(env, pageContext, frame, nunjucks.runtime, keep)
  return html
}

const literal = (text: string): string =>
  `<article id="${escape(context.id)}" class="bubble bot"><h3>Bot</h3><p>${escape(text)}</p></article>`

const drawings: Record<string, (text: string) => string> = {
  literal,
  naive,
  'full page': (text) => env.render('chat.html', { ...context, text }),
}

const sizes = { '100 B': 100, '1 KB': 1000, '10 KB': 10_000, '50 KB': 50_000 }
/** What is drawn is used, or the engine would leave it out. */
let drawn = 0

function time(draw: () => string, times: number): number {
  const startedAt = performance.now()
  for (let at = 0; at < times; at++) drawn += draw().length
  return ((performance.now() - startedAt) / times) * 1000
}

export const render: Scenario = {
  name: 'render',
  title: 'One render of a block',
  what: 'A block of a chat page with a layout and 30 messages, drawn with more and more text, in one process and without a server. The literal is a template literal with nunjucks’ own escape: the least that a full render can cost. `naive` is nunjucks with the other blocks left out.',
  base: 'literal',
  figures: {
    us: {
      title: 'a render',
      unit: 'µs',
      ratio: true,
      notShown: 'framing, encoding and the socket, which cost as much again.',
    },
  },
  async run(run) {
    const block = await engine.open('chat.html', 'answer', context)
    const prepared = (text: string): string => {
      const html = block.render({ text })
      if (typeof html !== 'string') throw new Error('The block waits for something.')
      return html
    }
    const rivals = { literal: drawings['literal']!, prepared, ...drawings }
    const results = new Results()
    for (const [size, chars] of Object.entries(sizes)) {
      const text = prose(chars)
      for (const draw of [prepared, naive])
        if (draw(text) !== literal(text))
          throw new Error(`Drawn otherwise: ${draw(text).slice(0, 300)}`)
      const rounds = run.quick ? 3 : 21
      for (let round = 0; round < rounds; round++) {
        for (const [name, draw] of Object.entries(rivals)) {
          const times = Math.ceil((name === 'full page' ? 4e5 : 4e6) / (chars + 200) / 4)
          const us = time(() => draw(text), times)
          // The first rounds rehearse.
          if (round > 2 || run.quick) results.add(size, name, { us })
        }
      }
    }
    if (drawn < 0) throw new Error('Nothing was drawn.')
    return results
  },
}
