/**
 * What one render of a block costs, as a ratio to the least that a full re-render can cost: a template literal with
 * nunjucks' own escape. All rivals draw in turns within each round; the figures are medians over the rounds.
 *
 *     npx tsx --conditions=source bench/render.bench.ts
 */
import { readFileSync } from 'node:fs'
import nunjucks from 'nunjucks'
import { nunjucksEngine } from '../src/adapters/nunjucks-engine.ts'

const folder = new URL('render/', import.meta.url)
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
const block = await engine.open('chat.html', 'answer', context)

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

const rivals: Record<string, (text: string) => unknown> = {
  literal,
  prepared: (text) => block.render({ text }),
  naive,
  'full page': (text) => env.render('chat.html', { ...context, text }),
}

const ROUNDS = 21
const sizes = { '100 B': 100, '1 KB': 1000, '10 KB': 10_000, '50 KB': 50_000 }
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
let sink = 0

function time(run: () => unknown, times: number): number {
  const start = process.hrtime.bigint()
  for (let at = 0; at < times; at++) sink += (run() as string).length
  return Number(process.hrtime.bigint() - start) / times / 1000
}

for (const [size, chars] of Object.entries(sizes)) {
  const text = prose(chars)
  const wanted = literal(text)
  for (const name of ['prepared', 'naive']) {
    if (rivals[name]!(text) !== wanted)
      throw new Error(`${name} draws something else: ${String(rivals[name]!(text)).slice(0, 300)}`)
  }
  const rounds: Record<string, number[]> = {}
  const ratios: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, draw] of Object.entries(rivals)) {
      const times = Math.ceil((name === 'full page' ? 4e5 : 4e6) / (chars + 200) / 4)
      ;(rounds[name] ??= []).push(time(() => draw(text), times))
      if (round > 2) (ratios[name] ??= []).push(rounds[name]!.at(-1)! / rounds['literal']!.at(-1)!)
    }
  }
  for (const name of Object.keys(rivals)) {
    const cost = median(rounds[name]!).toFixed(2)
    process.stdout.write(
      `${size.padEnd(6)} ${name.padEnd(10)} ${cost.padStart(8)} µs  ${median(ratios[name]!).toFixed(2)}x\n`,
    )
  }
}

const opens: number[] = []
const floor: number[] = []
const hundred = prose(100)
for (let round = 0; round < ROUNDS; round++) {
  floor.push(time(() => literal(hundred), 5000))
  const start = process.hrtime.bigint()
  for (let at = 0; at < 2000; at++) await engine.open('chat.html', 'answer', context)
  opens.push(Number(process.hrtime.bigint() - start) / 2000 / 1000)
}
process.stdout.write(
  `open a known block: ${median(opens).toFixed(2)} µs; literal at 100 B: ${median(floor).toFixed(2)} µs; ` +
    `ratio ${(median(opens) / median(floor)).toFixed(1)}x (goal: 5 µs where the literal takes 0.3 µs, 16.7x)\n`,
)
if (sink < 0) process.stdout.write('')
