import type { Scenario } from '../scenarios/scenario.ts'
import type { Figure, Results } from './results.ts'

/** A table for people, in Markdown that is aligned for the terminal as well. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join(' | ')} |`
  const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const [head, ...body] = rows
  return [line(head!), rule, ...body.map(line)].join('\n')
}

/** One scenario: what is measured, a table for each case, and what each figure does not show. */
export function section(scenario: Scenario, results: Results): string {
  const { base = 'raw' } = scenario
  const figures = Object.entries(scenario.figures)
  const parts = [`## ${scenario.title}`, scenario.what]
  for (const at of results.cases) {
    const head = figures.flatMap(([, { title, unit, ratio }]) => [
      unit ? `${title}, ${unit}` : title,
      ...(ratio ? [`× ${base}`] : []),
    ])
    const rows = results.rivals
      .filter((rival) => figures.some(([name]) => results.rounds(at, rival, name).length > 0))
      .map((rival) => [
        rival,
        ...figures.flatMap(([name, figure]) => [
          shown(results.median(at, rival, name)),
          ...(figure.ratio ? [shown(results.ratio(at, rival, name, base))] : []),
        ]),
      ])
    parts.push(table([[at, ...head], ...rows]))
  }
  parts.push(notShown(Object.values(scenario.figures)))
  return parts.join('\n\n')
}

function notShown(figures: readonly Figure[]): string {
  return `Not shown:\n\n${figures.map((figure) => `- **${figure.title}**: ${figure.notShown}`).join('\n')}`
}

/** Three digits that mean something. */
export function shown(value: number | string | undefined): string {
  if (value === undefined) return '–'
  if (typeof value === 'string') return value
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
