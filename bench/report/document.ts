import { readFileSync } from 'node:fs'
import { cpus, platform, release } from 'node:os'
import { RIVALS } from '../rivals.ts'
import type { Scenario } from '../scenarios/scenario.ts'
import { goals } from './goals.ts'
import type { Results } from './results.ts'
import { section, table } from './tables.ts'

const PACKAGES = [
  'hono',
  '@hono/node-server',
  'nunjucks',
  '@starfederation/datastar-sdk',
  'better-sse',
  'ai',
]

/** How the page was made. */
interface Made {
  readonly command: string
  readonly seconds: number
}

/** The run as a page: what was run, where, which goals it met, and every table. */
export function document(
  scenarios: readonly Scenario[],
  measured: ReadonlyMap<string, Results>,
  { command, seconds }: Made,
): string {
  const versions = PACKAGES.map((name) => `${name} ${versionOf(name)}`).join(', ')
  const sections = scenarios.flatMap((scenario) => {
    const results = measured.get(scenario.name)
    return results ? [section(scenario, results)] : []
  })
  const rivals = [['rival', 'what it is'], ...Object.entries(RIVALS).map((row) => [...row])]
  return [
    '# Performance',
    `Measured on ${new Date().toISOString().slice(0, 10)} with \`${command}\`, which took ${Math.round(seconds / 60)} minutes: ${cpus().length} cores, ${platform()} ${release().split('-')[0]}, Node ${process.versions.node}; ${versions}. \`npm run bench -- load,idle\` runs a part.`,
    'Read ratios, not absolutes: they hold for one run on one machine, and differences of a tenth are noise. Each server is a process of its own, bound to one core; the load comes from another core over 127.0.0.1. The rivals take turns within each round; a figure is the median of the rounds, a ratio the median of the ratios within a round. An answer that did not show its last token counts as failed.',
    goals(measured),
    `## Rivals\n\n${table(rivals)}`,
    ...sections,
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n')
}

function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
