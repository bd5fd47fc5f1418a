/**
 * What it costs to show a Markdown answer while it grows: 10 KB of mixed text in 2,000 steps, against the same parser
 * reading the whole text at each step. All take turns within each round; the figures are medians of the rounds. And how
 * many bytes leave, of that answer and of answers that are one long block.
 *
 *     npx tsx --conditions=source bench/markdown.bench.ts
 */
import { readFileSync } from 'node:fs'
import hljs from 'highlight.js/lib/common'
import { nunjucksEngine } from '../src/index.ts'
import { markdown } from '../src/markdown.ts'
import { sentBytes, SHAPES } from './markdown/sent-bytes.ts'

const section = readFileSync(new URL('markdown/answer.md', import.meta.url), 'utf8')
const text = section.repeat(Math.ceil(10_000 / section.length)).slice(0, 10_000)
const STEPS = 2_000
const ROUNDS = 7
const prefixes = Array.from({ length: STEPS }, (_, at) =>
  text.slice(0, Math.ceil((text.length * (at + 1)) / STEPS)),
)

const plain = markdown()
let sink = 0

/** Highlights are remembered, which would help the rival: it gets a new Markdown for each step. */
const rivals: Record<string, () => void> = {
  whole: () => {
    for (const prefix of prefixes) sink += plain.render(prefix).length
  },
  growing: () => {
    const toHtml = plain.open()
    for (const prefix of prefixes) sink += toHtml(prefix).length
    sink += plain.render(text).length
  },
  'whole, highlighted': () => {
    for (const prefix of prefixes) sink += markdown({ highlight: hljs }).render(prefix).length
  },
  'growing, highlighted': () => {
    const md = markdown({ highlight: hljs })
    const toHtml = md.open()
    for (const prefix of prefixes) sink += toHtml(prefix).length
    sink += md.render(text).length
  },
  'no text': () => {
    for (const _ of prefixes) sink += markdown({ highlight: hljs }).render('').length
  },
}
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** The processor's time in ms. */
function spent(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const rounds: Record<string, number[]> = {}
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, run] of Object.entries(rivals)) {
    const ms = spent(run)
    if (round > 0) (rounds[name] ??= []).push(ms)
  }
}
const cost = (name: string): number => median(rounds[name]!)
// What a new Markdown costs is not the rival's to pay.
const whole = { plain: cost('whole'), highlighted: cost('whole, highlighted') - cost('no text') }
const growing = { plain: cost('growing'), highlighted: cost('growing, highlighted') }
const GOALS = { plain: 0.1, highlighted: 0.05 }
for (const kind of ['plain', 'highlighted'] as const) {
  const ratio = growing[kind] / whole[kind]
  const each = (ms: number): string => `${((ms / STEPS) * 1000).toFixed(1).padStart(7)} µs a step`
  process.stdout.write(
    `${kind.padEnd(11)} whole ${each(whole[kind])}  growing ${each(growing[kind])}  ` +
      `${ratio.toFixed(3)}x (goal: at most ${GOALS[kind]}x)\n`,
  )
}

// The literal way through a template, `updates: 'full'`: the filter keeps the beginning, too.
const engine = nunjucksEngine({
  templates: { 'a.html': '{% block b %}<div>{{ text | markdown }}</div>{% endblock %}' },
})
const block = await engine.open('a.html', 'b', { streaming: true })
const full: number[] = []
for (let round = 0; round <= ROUNDS; round++) {
  full.push(
    spent(() => {
      for (const prefix of prefixes) sink += String(block.render({ text: prefix })).length
    }),
  )
}
const drawn = median(full.slice(1))
process.stdout.write(
  `in a block, drawn whole at each step: ${(drawn / whole.plain).toFixed(3)}x; ` +
    `${text.length} characters, ${plain.render(text).length} of HTML\n`,
)

// The same answer and four that are one block, in the same steps: counted and not timed.
process.stdout.write(
  `\nBytes sent in ${STEPS} steps, 3 a frame (100 tokens a second, 30 ms), × the last HTML:\n`,
)
for (const [morphs, version] of [
  [true, 'htmx 4'],
  [false, 'htmx 2'],
] as const) {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const sent = await sentBytes(shape, STEPS, 3, morphs)
    const times = (bytes: number): string => (bytes / sent.html).toFixed(2)
    const address = Math.round((sent.growing - sent.content) / sent.frames)
    process.stdout.write(
      `${version}  ${name.padEnd(14)} HTML ${times(sent.content)}, with addresses ` +
        `(${address} bytes a frame) ${times(sent.growing)}, the last frame ${times(sent.last)}; ` +
        `all of it compressed ${times(await sent.compressed())}\n`,
    )
  }
}
if (sink < 0) process.stdout.write('')
