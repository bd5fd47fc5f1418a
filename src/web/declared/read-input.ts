import type { Context } from 'hono'
import { InputError, type InputIssue } from '../../shared/errors.ts'
import type { Schema, SchemaIssue, SchemaResult } from '../../shared/schema.ts'
import type { InputSchemas, InputSource } from './definition.ts'
import { fit, keysOf, toInputIssue } from './fit.ts'
import { rawInput } from './raw-input.ts'

/** Where a name may repeat, so that one value can be a list of one. */
const REPEATS = new Set<string>(['form', 'query'])

/** What the schemas make of a request, or all that is wrong with it. */
export interface ReadInput {
  readonly values: Readonly<Record<string, unknown>>
  readonly issues: readonly InputIssue[]
}

/**
 * The parts of a request that a route wants, each through its schema.
 *
 * Out     the schemas' values; with issues, what was sent.
 * Throws  InputError for a body that cannot be read.
 */
export async function readInput(schemas: InputSchemas, c: Context): Promise<ReadInput> {
  const sent: Record<string, unknown> = {}
  for (const source of Object.keys(schemas)) sent[source] = await rawInput(source as InputSource, c)
  return passed(schemas, sent)
}

/** The same for a route that is called without a request. */
export async function checkInput(
  schemas: InputSchemas,
  sent: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const { values, issues } = await passed(schemas, sent)
  if (issues.length > 0) throw invalid(issues)
  return values
}

/** The error that stands for them. */
export function invalid(issues: readonly InputIssue[]): InputError {
  const said = issues.map((issue) => `${issue.in} ${issue.path}: ${issue.message}`).join('; ')
  return new InputError('input/invalid', `The request does not fit: ${said}.`, { issues })
}

async function passed(
  schemas: InputSchemas,
  sent: Readonly<Record<string, unknown>>,
): Promise<ReadInput> {
  const values: Record<string, unknown> = {}
  const issues: InputIssue[] = []
  for (const [source, schema] of Object.entries(schemas)) {
    const result = await look(schema, sent[source], REPEATS.has(source))
    if (result.issues) issues.push(...result.issues.map((issue) => toInputIssue(source, issue)))
    else values[source] = result.value
  }
  return issues.length > 0 ? { values: sent, issues } : { values, issues }
}

/**
 * `?tag=a` may be text or a list of one, and only the schema knows. So where it refuses the text, it is asked about the
 * list before it is believed.
 */
async function look(
  schema: Schema,
  value: unknown,
  repeats: boolean,
): Promise<SchemaResult<unknown>> {
  const result = await fit(schema, value)
  if (!repeats || !result.issues || typeof value !== 'object' || value === null) return result
  const refused = namesIn(result.issues)
  const isAlone = ([name, held]: [string, unknown]): boolean =>
    refused.has(name) && !Array.isArray(held)
  const entries = Object.entries(value)
  if (!entries.some(isAlone)) return result
  const asLists = entries.map((entry) => (isAlone(entry) ? [entry[0], [entry[1]]] : entry))
  const again = await fit(schema, Object.fromEntries(asLists))
  if (!again.issues) return again
  // What is right as a list is no fault of the caller; the rest is told as it was.
  const still = namesIn(again.issues)
  const told = result.issues.filter(({ path = [] }) => still.has(keysOf(path)[0]))
  return told.length > 0 ? { issues: told } : result
}

function namesIn(issues: readonly SchemaIssue[]): Set<string | undefined> {
  return new Set(issues.map(({ path = [] }) => keysOf(path)[0]))
}
