import { SENT_WHOLE } from '../scenarios/load.ts'
import { WRITTEN } from '../scenarios/subscribers.ts'
import { worstLinear } from '../scenarios/templates.ts'
import type { Results } from './results.ts'
import { shown, table } from './tables.ts'

type Value = number | string | undefined
type Measured = ReadonlyMap<string, Results>

/** What a run must show: a figure of one scenario, and its limit. */
interface Goal {
  readonly figure: string
  readonly scenario: string
  readonly goal: string
  readonly measured: (results: Results) => Value
  readonly isMet: (value: number) => boolean
}

const a = 'raw'
const b = 'stream-sse'
const most = (limit: number) => (value: number) => value <= limit
const least = (limit: number) => (value: number) => value >= limit
/** The ratio of one figure to a rival's, in the named case or the first one. */
const ratio =
  (figure: string, to: string, at?: string) =>
  (results: Results): Value =>
    results.ratio(at ?? results.cases[0]!, 'swapstream', figure, to)

const GOALS: readonly Goal[] = [
  {
    figure: 'bytes of 400 tokens ÷ 100, largest of the linear blocks',
    scenario: 'templates',
    goal: '≤ 4.8',
    measured: worstLinear,
    isMet: most(4.8),
  },
  {
    figure: 'CPU a token, 600 streams',
    scenario: 'load',
    goal: '≤ 0.95 a',
    measured: ratio('cpuUs', a),
    isMet: most(0.95),
  },
  ...SENT_WHOLE.flatMap((at): Goal[] => [
    {
      figure: `the same, block \`${at}\``,
      scenario: 'load',
      goal: '≤ 1.2 a',
      measured: ratio('cpuUs', a, at),
      isMet: most(1.2),
    },
    {
      figure: `the same, block \`${at}\``,
      scenario: 'load',
      goal: '≤ 0.5 b',
      measured: ratio('cpuUs', b, at),
      isMet: most(0.5),
    },
  ]),
  {
    figure: 'CPU a token, N = 8,000 ÷ N = 500',
    scenario: 'long',
    goal: '≤ 1.5',
    measured: (results) =>
      quotient(
        results.median('N = 8000', 'swapstream', 'cpuUs'),
        results.median('N = 500', 'swapstream', 'cpuUs'),
      ),
    isMet: most(1.5),
  },
  {
    figure: 'CPU a token, N = 8,000',
    scenario: 'long',
    goal: '≤ 0.4 b',
    measured: ratio('cpuUs', b, 'N = 8000'),
    isMet: most(0.4),
  },
  {
    figure: 'tokens a second, one stream at full speed',
    scenario: 'speed',
    goal: '≥ 1.2 a',
    measured: ratio('perSecond', a),
    isMet: least(1.2),
  },
  {
    figure: 'first open of a block, cold, ms',
    scenario: 'first',
    goal: '≤ 2.5',
    measured: (results) => results.median(results.cases[0]!, 'swapstream', 'firstMs'),
    isMet: most(2.5),
  },
  ...Object.keys(WRITTEN).map((at): Goal => ({
    figure: `CPU of a subscriber of a run, beside a stream of its own, ${at}`,
    scenario: 'subscribers',
    goal: '≤ 0.3',
    measured: (results) => results.ratio(at, 'swapstream-run', 'cpuMs', 'swapstream'),
    isMet: most(0.3),
  })),
  {
    figure: 'heap of an idle stream',
    scenario: 'idle',
    goal: '≤ 2.3 a',
    measured: ratio('heap', a),
    isMet: most(2.3),
  },
  {
    figure: 'held for a stalled client of a long answer, share of 2 × block + 64 KiB',
    scenario: 'stall',
    goal: '≤ 1',
    measured: (results) => {
      // What a process allocates by the way hides a short block: `raw` holds 150 KiB, too.
      const at = results.cases.at(-1)!
      const block = results.median(at, 'swapstream', 'block')
      const limit = typeof block === 'number' ? 2 * block + 64 : block
      return quotient(results.median(at, 'swapstream', 'held'), limit)
    },
    isMet: most(1),
  },
  {
    figure: 'CPU of a heartbeat',
    scenario: 'heartbeat',
    goal: '≤ 0.9 a (a timer each)',
    measured: ratio('heartbeatUs', a),
    isMet: most(0.9),
  },
  ...['as it is', '4 × slower'].flatMap((at): Goal[] => [
    {
      figure: `main thread of the browser, ${at}`,
      scenario: 'browser',
      goal: '≤ 0.25 b',
      measured: ratio('mainMs', b, at),
      isMet: most(0.25),
    },
    {
      figure: `long tasks in the browser, ${at}`,
      scenario: 'browser',
      goal: 'none',
      measured: (results) => results.median(at, 'swapstream', 'longTasks'),
      isMet: most(0),
    },
  ]),
]

/** Each goal of the scenarios that have run, and whether this run has met it. */
export function goals(measured: Measured): string {
  const rows = GOALS.flatMap(({ figure, scenario, goal, measured: valueOf, isMet }) => {
    const results = measured.get(scenario)
    if (results === undefined) return []
    const value = valueOf(results)
    const verdict = typeof value !== 'number' ? 'not measured' : isMet(value) ? 'yes' : '**no**'
    return [[figure, goal, shown(value), verdict]]
  })
  if (rows.length === 0) return ''
  return `## Goals\n\na is \`raw\`, b is \`stream-sse\`, of the same run.\n\n${table([['figure', 'goal', 'measured', 'met'], ...rows])}`
}

function quotient(value: Value, by: Value): Value {
  if (typeof value !== 'number') return value
  return typeof by === 'number' ? value / by : by
}
