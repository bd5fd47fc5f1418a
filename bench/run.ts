/** Runs the scenarios and reports their figures. Started by `bench.ts`, on a core where no server runs. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { document } from './report/document.ts'
import { goals } from './report/goals.ts'
import type { Results } from './report/results.ts'
import { section } from './report/tables.ts'
import { RIVALS } from './rivals.ts'
import { SCENARIOS } from './scenarios/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    rivals: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const names = positionals.flatMap((list) => list.split(',')).filter(Boolean)
const rivals = values.rivals?.split(',')
known(
  'scenario',
  names,
  SCENARIOS.map(({ name }) => name),
)
known('rival', rivals ?? [], Object.keys(RIVALS))

const run = {
  rounds: Number(values.rounds),
  quick: values.quick,
  wants: (rival: string) => rivals?.includes(rival) ?? true,
}
const measured = new Map<string, Results>()
const startedAt = performance.now()
const secondsSince = (at: number): number => Math.round((performance.now() - at) / 1000)
for (const scenario of SCENARIOS) {
  if (names.length > 0 && !names.includes(scenario.name)) continue
  process.stderr.write(`${scenario.name}\n`)
  const begunAt = performance.now()
  const results = await scenario.run(run)
  process.stderr.write(`${secondsSince(begunAt)} s\n`)
  measured.set(scenario.name, results)
  process.stdout.write(`\n${section(scenario, results)}\n`)
}
process.stdout.write(`\n${goals(measured)}\n`)

if (values.json)
  writeFileSync(values.json, JSON.stringify(Object.fromEntries(measured), undefined, 2))
if (values.write) {
  const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  writeFileSync(page, document(SCENARIOS, measured, { command, seconds: secondsSince(startedAt) }))
}

function known(kind: string, named: readonly string[], all: readonly string[]): void {
  for (const name of named)
    if (!all.includes(name))
      throw new Error(`No ${kind} is named ${name}: they are ${all.join(', ')}.`)
}
