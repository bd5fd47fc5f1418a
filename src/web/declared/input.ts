import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { InputError, type InputIssue } from '../../shared/errors.ts'
import type { Schema, SchemaIssue, SchemaResult } from '../../shared/schema.ts'
import type { InputSchemas, InputSource } from './definition.ts'

/** What the schemas make of a request. With issues, `values` is what was sent. */
export interface ReadInput {
  readonly values: Readonly<Record<string, unknown>>
  readonly issues: readonly InputIssue[]
}

/**
 * Reads the parts of a request that a route declares, each through its schema.
 *
 * Throws  InputError: 415 for a body of another type, 400 for one that cannot be read.
 */
export async function readInput(schemas: InputSchemas, c: Context): Promise<ReadInput> {
  const sent: Record<string, unknown> = {}
  for (const source of Object.keys(schemas) as InputSource[]) sent[source] = await READ[source](c)
  return validateInput(schemas, sent)
}

/** Validates the parts of an input that is at hand already. */
export async function validateInput(
  schemas: InputSchemas,
  sent: Readonly<Record<string, unknown>>,
): Promise<ReadInput> {
  const values: Record<string, unknown> = {}
  const issues: InputIssue[] = []
  for (const [source, schema] of Object.entries(schemas)) {
    const canRepeat = source === 'form' || source === 'query'
    const result = await (canRepeat ? validateFields : validate)(schema, sent[source])
    if (!result.issues) values[source] = result.value
    for (const { message, path } of result.issues ?? [])
      issues.push({ in: source, path: keysOf(path).join('.'), message })
  }
  return issues.length > 0 ? { values: sent, issues } : { values, issues }
}

/** The error for an input that does not fit. */
export function invalidInput(issues: readonly InputIssue[]): InputError {
  const list = issues.map((issue) => `${issue.in} ${issue.path}: ${issue.message}`).join('; ')
  return new InputError('input/invalid', `The request does not fit: ${list}.`, { issues })
}

/** Validates a value by its schema. */
export async function validate(schema: Schema, value: unknown): Promise<SchemaResult<unknown>> {
  return schema['~standard'].validate(value)
}

/** The steps of an issue's path, unwrapped. */
export function keysOf(path: SchemaIssue['path'] = []): string[] {
  return path.map((step) => String(typeof step === 'object' ? step.key : step))
}

/** All issues of a value in one line, for the log. */
export function formatIssues(issues: readonly SchemaIssue[]): string {
  return issues
    .map(({ message, path }) => [keysOf(path).join('.'), message].filter(Boolean).join(': '))
    .join('; ')
}

/**
 * Validates fields that may repeat. `?tag=a` may be text or a list of one, and only the schema knows: where it refuses the
 * text, it is tried with the list.
 */
async function validateFields(schema: Schema, value: unknown): Promise<SchemaResult<unknown>> {
  const result = await validate(schema, value)
  if (!result.issues || typeof value !== 'object' || value === null) return result
  const refused = fieldsIn(result.issues)
  const asLists = Object.entries(value).map(([name, field]) =>
    refused.has(name) && !Array.isArray(field) ? [name, [field]] : [name, field],
  )
  const again = await validate(schema, Object.fromEntries(asLists))
  if (!again.issues) return again
  // A field that fits as a list is right; the issues of the others stay as they were.
  const wrong = fieldsIn(again.issues)
  const issues = result.issues.filter(({ path }) => wrong.has(keysOf(path)[0]))
  return issues.length > 0 ? { issues } : result
}

function fieldsIn(issues: readonly SchemaIssue[]): Set<string | undefined> {
  return new Set(issues.map(({ path }) => keysOf(path)[0]))
}

/** Reads one part of a request, as it was sent. Names of headers are in lower case. */
const READ: Readonly<Record<InputSource, (c: Context) => unknown>> = {
  json: readJson,
  form: readFormBody,
  query: (c) => toFields(new URL(c.req.url).searchParams),
  param: (c) => c.req.param(),
  header: (c) => c.req.header(),
  cookie: (c) => getCookie(c),
}

async function readJson(c: Context): Promise<unknown> {
  const type = contentType(c)
  if (!/^application\/(?:[\w.+-]+\+)?json$/.test(type)) throw wrongType(type, 'application/json')
  const text = await readText(c)
  return orMalformed('The body is not JSON.', () => JSON.parse(text))
}

const URLENCODED = 'application/x-www-form-urlencoded'

async function readFormBody(c: Context): Promise<Record<string, unknown>> {
  const type = contentType(c)
  if (type === 'multipart/form-data')
    return orMalformed('The multipart body cannot be read.', async () =>
      toFields(await c.req.formData()),
    )
  if (type !== URLENCODED) throw wrongType(type, `${URLENCODED} or multipart/form-data`)
  const text = await readText(c)
  // The escaped bytes must be UTF-8, too. A `%` that starts no escape is text.
  const escapes = text.replace(/%(?![0-9a-f]{2})/gi, '%25')
  await orMalformed('The body is not UTF-8.', () => decodeURIComponent(escapes))
  return toFields(new URLSearchParams(text))
}

/** The text of a body. `c.req.text()` would silently put U+FFFD in place of what is not UTF-8. */
async function readText(c: Context): Promise<string> {
  const bytes = await c.req.arrayBuffer()
  return orMalformed('The body is not UTF-8.', () =>
    new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  )
}

async function orMalformed<T>(message: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw new InputError('input/malformed', message, { cause })
  }
}

/** Fields by name. A name that repeats holds a list. */
function toFields(sent: URLSearchParams | FormData): Record<string, unknown> {
  const fields = [...new Set(sent.keys())].map((name) => {
    const values = sent.getAll(name)
    return [name, values.length > 1 ? values : values[0]]
  })
  return Object.fromEntries(fields)
}

function contentType(c: Context): string {
  return (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
}

function wrongType(type: string, wanted: string): InputError {
  return new InputError('input/content-type', `The body is ${type || 'of no type'}, not ${wanted}.`)
}
