import type { Results } from './results.ts'
import { shown, table } from './tables.ts'

type Value = number | string | undefined
type Measured = ReadonlyMap<string, Results>

/** What a run must show: a figure, and how far it may go. */
interface Goal {
  readonly figure: string
  readonly scenario: string
  readonly limits: readonly {
    readonly goal: string
    readonly measured: (results: Results) => Value
    readonly ok: (value: number) => boolean
  }[]
}

const most = (limit: number) => (value: number) => value <= limit
const least = (limit: number) => (value: number) => value >= limit
/** The ratio of one figure, in the named case or the first one. */
const ratio =
  (figure: string, rival: string, to: string, at?: string) =>
  (results: Results): Value =>
    results.ratio(at ?? results.cases[0]!, rival, figure, to)
const a = 'raw'
const b = 'stream-sse'

const GOALS: readonly Goal[] = [
  {
    figure: 'CPU a token, one write a token, N = 500',
    scenario: 'answer',
    limits: [
      {
        goal: '≤ 1.15 a',
        measured: ratio('cpuUs', 'swapstream-token', a, 'N = 500'),
        ok: most(1.15),
      },
    ],
  },
  {
    figure: 'the same at N = 8,000',
    scenario: 'answer',
    limits: [
      {
        goal: '≤ that at N = 500',
        measured: (results) =>
          quotient(
            results.median('N = 8000', 'swapstream-token', 'cpuUs'),
            results.median('N = 500', 'swapstream-token', 'cpuUs'),
          ),
        ok: most(1),
      },
      {
        goal: '≤ 0.2 b',
        measured: ratio('cpuUs', 'swapstream-token', b, 'N = 8000'),
        ok: most(0.2),
      },
    ],
  },
  {
    figure: 'CPU a token under load, default clock',
    scenario: 'load',
    limits: ['150 streams', '600 streams'].flatMap((at) => [
      { goal: `≤ 0.9 a, ${at}`, measured: ratio('cpuUs', 'swapstream', a, at), ok: most(0.9) },
      { goal: `≤ 0.27 b, ${at}`, measured: ratio('cpuUs', 'swapstream', b, at), ok: most(0.27) },
    ]),
  },
  {
    figure: 'bytes of an answer',
    scenario: 'answer',
    limits: [
      {
        goal: '≤ 3.5 a, one write a token',
        measured: ratio('bytes', 'swapstream-token', a, 'N = 500'),
        ok: most(3.5),
      },
      {
        goal: 'exponent in N ≤ 1.05',
        measured: (results) => {
          const grown = quotient(
            results.median('N = 8000', 'swapstream-token', 'bytes'),
            results.median('N = 500', 'swapstream-token', 'bytes'),
          )
          return typeof grown === 'number' ? Math.log(grown) / Math.log(16) : grown
        },
        ok: most(1.05),
      },
    ],
  },
  {
    figure: 'bytes of an answer at 50 tokens/s',
    scenario: 'bytes',
    limits: [
      {
        goal: '≤ 0.8 a, 100 ms frames',
        measured: ratio('bytes', 'swapstream-100ms', a),
        ok: most(0.8),
      },
    ],
  },
  {
    figure: 'one stream at full speed',
    scenario: 'speed',
    limits: [
      { goal: '≥ 1.0 a', measured: ratio('perSecond', 'swapstream', a), ok: least(1) },
      { goal: '≥ 8 b', measured: ratio('perSecond', 'swapstream', b), ok: least(8) },
    ],
  },
  {
    figure: 'first fragment',
    scenario: 'answer',
    limits: [
      {
        goal: '≤ 1.5 a, N = 500',
        measured: ratio('firstMs', 'swapstream', a, 'N = 500'),
        ok: most(1.5),
      },
    ],
  },
  {
    figure: 'first fragment at full speed',
    scenario: 'speed',
    limits: [{ goal: '≤ 1.5 a', measured: ratio('firstMs', 'swapstream', a), ok: most(1.5) }],
  },
  {
    figure: 'streams on one core, p99 ≤ 50 ms',
    scenario: 'held',
    limits: [
      { goal: '≥ 0.9 a', measured: ratio('streams', 'swapstream', a), ok: least(0.9) },
      { goal: '≥ 3 b', measured: ratio('streams', 'swapstream', b), ok: least(3) },
    ],
  },
  {
    figure: 'a viewer of one run, beside an answer of his own',
    scenario: 'viewers',
    limits: ['plain text', 'Markdown'].map((at) => ({
      goal: `≤ 0.2, ${at}`,
      measured: ratio('cpuMs', 'swapstream-run', 'swapstream', at),
      ok: most(0.2),
    })),
  },
  {
    figure: 'heap of an idle stream',
    scenario: 'idle',
    limits: [
      { goal: '≤ 2.3 a', measured: ratio('heap', 'swapstream', a), ok: most(2.3) },
      { goal: '≤ 0.5 b', measured: ratio('heap', 'swapstream', b), ok: most(0.5) },
    ],
  },
  {
    figure: 'kept for a stalled reader',
    scenario: 'stall',
    limits: [
      {
        goal: '≤ 2 × text + 64 KiB (share of it)',
        measured: (results) => {
          const at = results.cases.at(-1)!
          const text = results.median(at, 'swapstream', 'text')
          const room = typeof text === 'number' ? 2 * text + 64 : text
          return quotient(results.median(at, 'swapstream', 'kept'), room)
        },
        ok: most(1),
      },
    ],
  },
  {
    figure: 'a heartbeat, 10,000 idle streams',
    scenario: 'heartbeat',
    limits: [
      { goal: '≤ 0.9 of a timer each', measured: ratio('beatUs', 'swapstream', a), ok: most(0.9) },
    ],
  },
  ...['as it is', '4 × slower'].map((at) => ({
    figure: `in the browser, ${at}`,
    scenario: 'browser',
    limits: [
      {
        goal: '≤ 0.3 b of the main thread',
        measured: ratio('mainMs', 'swapstream', b, at),
        ok: most(0.3),
      },
      {
        goal: 'no long task',
        measured: (results: Results): Value => results.median(at, 'swapstream', 'longTasks'),
        ok: most(0),
      },
      {
        goal: '≤ 0.01 b of the bytes',
        measured: ratio('bytes', 'swapstream', b, at),
        ok: most(0.01),
      },
    ],
  })),
]

/** Each goal of the scenarios that have run, and whether this run reached it. */
export function goals(measured: Measured): string {
  const rows = GOALS.flatMap(({ figure, scenario, limits }) => {
    const results = measured.get(scenario)
    if (results === undefined) return []
    return limits.map(({ goal, measured: figureOf, ok }) => {
      const value = figureOf(results)
      const verdict = typeof value !== 'number' ? '–' : ok(value) ? 'ok' : 'missed'
      return [figure, goal, shown(value), verdict]
    })
  })
  if (rows.length === 0) return ''
  return `## Goals\n\na is raw, b is stream-sse, of the same run.\n\n${table([['figure', 'goal', 'measured', ''], ...rows])}`
}

function quotient(value: Value, by: Value): Value {
  if (typeof value !== 'number') return value
  return typeof by === 'number' ? value / by : by
}
