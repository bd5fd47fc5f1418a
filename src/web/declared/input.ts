import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { InputError, type InputIssue } from '../../shared/errors.ts'
import type { Schema, SchemaIssue, SchemaResult } from '../../shared/schema.ts'
import { english, type Texts } from '../../shared/texts.ts'
import { textsFor } from '../settings.ts'
import type { InputSchemas, InputSource } from './definition.ts'

/** A request as its schemas make it. With issues, `values` is what was sent. */
export interface ReadInput {
  readonly values: Readonly<Record<string, unknown>>
  readonly issues: readonly InputIssue[]
}

/** Reads the declared parts of a request through their schemas. Throws  InputError for an unreadable body. */
export async function readInput(schemas: InputSchemas, c: Context): Promise<ReadInput> {
  const sent: Record<string, unknown> = {}
  for (const source of Object.keys(schemas) as InputSource[]) sent[source] = await READ[source](c)
  return validateInput(schemas, sent, textsFor(c))
}

/** Validates an input that has been read. */
export async function validateInput(
  schemas: InputSchemas,
  sent: Readonly<Record<string, unknown>>,
  texts: Texts = english,
): Promise<ReadInput> {
  const values: Record<string, unknown> = {}
  const issues: InputIssue[] = []
  for (const [source, schema] of Object.entries(schemas)) {
    const canRepeat = source === 'form' || source === 'query'
    const result = await (canRepeat ? validateFields : validate)(schema, sent[source])
    if (!result.issues) values[source] = result.value
    for (const issue of result.issues ?? [])
      issues.push({ in: source, path: keysOf(issue.path).join('.'), message: texts.issue(issue) })
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

/** Validates fields that may repeat: text that the schema refuses is tried as a list of one. */
async function validateFields(schema: Schema, value: unknown): Promise<SchemaResult<unknown>> {
  const result = await validate(schema, value)
  if (!result.issues) return result
  const fieldOf = ({ path }: SchemaIssue): string | undefined => keysOf(path)[0]
  const wrong = new Set(result.issues.map(fieldOf))
  const asLists = Object.entries(Object(value)).map(([name, field]) =>
    wrong.has(name) && !Array.isArray(field) ? [name, [field]] : [name, field],
  )
  const again = await validate(schema, Object.fromEntries(asLists))
  if (!again.issues) return again
  // A field that fits as a list is right; the issues of the others stay as they were.
  const stillWrong = new Set(again.issues.map(fieldOf))
  const issues = result.issues.filter((issue) => stillWrong.has(fieldOf(issue)))
  return issues.length > 0 ? { issues } : result
}

/** Readers of one part of a request, as sent. Names of headers are in lower case. */
const READ: Readonly<Record<InputSource, (c: Context) => unknown>> = {
  json: readJson,
  form: readFormBody,
  query: (c) => toFields(new URL(c.req.url).searchParams),
  param: (c) => c.req.param(),
  header: (c) => c.req.header(),
  cookie: (c) => getCookie(c),
}

/** The parts of a request that a schema may be declared for. */
export const INPUT_SOURCES: readonly string[] = Object.keys(READ)

async function readJson(c: Context): Promise<unknown> {
  const isJson = (type: string): boolean => /^application\/(?:[\w.+-]+\+)?json$/.test(type)
  checkType(c, isJson, 'application/json')
  const text = await readText(c)
  return orMalformed('The body is not JSON.', () => JSON.parse(text))
}

async function readFormBody(c: Context): Promise<Record<string, unknown>> {
  const forms = ['application/x-www-form-urlencoded', 'multipart/form-data']
  const type = checkType(c, (sent) => forms.includes(sent), forms.join(' or '))
  if (type === forms[0]) {
    // The escaped bytes must be UTF-8, too. A `%` that starts no escape is text.
    const text = (await readText(c)).replace(/%(?![0-9a-f]{2})/gi, '%25')
    await orMalformed('The body is not UTF-8.', () => decodeURIComponent(text))
  }
  return orMalformed('The form cannot be read.', async () => toFields(await c.req.formData()))
}

/** The text of a body. `c.req.text()` would silently put U+FFFD in place of what is not UTF-8. */
async function readText(c: Context): Promise<string> {
  const bytes = await c.req.arrayBuffer()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return orMalformed('The body is not UTF-8.', () => decoder.decode(bytes))
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
  const lists = [...new Set(sent.keys())].map((name) => [name, sent.getAll(name)] as const)
  return Object.fromEntries(lists.map(([name, list]) => [name, list.length > 1 ? list : list[0]]))
}

function checkType(c: Context, fits: (type: string) => boolean, wanted: string): string {
  const type = (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (fits(type)) return type
  throw new InputError('input/content-type', `The body is ${type || 'of no type'}, not ${wanted}.`)
}
