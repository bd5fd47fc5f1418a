import type { Context } from 'hono'
import type { Schema, SchemaOutput } from '../shared/schema.ts'
import { readInput } from './declared/input.ts'
import { withHttpErrors } from './problem.ts'

/** A form that fits its schema, or its fields as sent with what is wrong, by name. */
export type ReadForm<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      /** The fields as sent: to be shown again, and not to be trusted. */
      readonly values: Readonly<Record<string, unknown>>
      /** The first issue of each field; under the empty name what is wrong with the whole. */
      readonly errors: Readonly<Record<string, string>>
    }

/**
 * Reads the form of a request through a schema. Declared routes have `input: { form }` for that.
 *
 * In      urlencoded or multipart; a name that repeats is a list.
 * Out     what the schema makes of it, or what the form needs to be shown again.
 * Throws  HTTPException: 415 for another type, 400 for what cannot be read.
 *
 * @example
 * app.post('/ask', async (c) => {
 *   const form = await readForm(c, schema)
 *   if (!form.ok) return new Page('ask.html', { ...form }, { block: 'form', target: '#ask', status: 422 })
 *   return c.text(form.value.question)
 * })
 */
export async function readForm<S extends Schema>(
  c: Context,
  schema: S,
): Promise<ReadForm<SchemaOutput<S>>> {
  const { values, issues } = await withHttpErrors(c, () => readInput({ form: schema }, c))
  const form = values['form'] as Record<string, unknown>
  if (issues.length === 0) return { ok: true, value: form as SchemaOutput<S> }
  const errors = issues.toReversed().map(({ path, message }) => [path, message] as const)
  return { ok: false, values: form, errors: Object.fromEntries(errors) }
}
