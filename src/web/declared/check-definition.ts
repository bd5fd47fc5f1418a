import { didYouMean } from '../../shared/errors.ts'
import type { Schema } from '../../shared/schema.ts'
import { streamHeaders } from '../../streams/headers.ts'
import {
  isAsyncGenerator,
  refuseRoute,
  type AnyDefinition,
  type AnyHandler,
  type Declared,
} from './declared.ts'
import type { InputSchemas } from './definition.ts'
import { keysOf } from './fit.ts'

const SOURCES = ['json', 'form', 'query', 'param', 'header', 'cookie']

type Check = (value: unknown) => boolean
const isFunction: Check = (value) => typeof value === 'function'
const isText: Check = (value) => typeof value === 'string'
const isObject: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isSchema: Check = (value) =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  typeof (value as Partial<Schema>)['~standard']?.validate === 'function'
const hooks: Check = (value) => isObject(value) && Object.values(value as object).every(isFunction)
const oneOf =
  (...known: unknown[]): Check =>
  (value) =>
    known.includes(value)

/** Every option of a route, with what it may be. */
const OPTIONS: Readonly<Record<string, readonly [check: Check, says: string]>> = {
  path: [isText, 'text'],
  method: [isText, 'GET or POST'],
  name: [isText, 'text'],
  input: [isObject, 'a schema for each part of the request'],
  chunk: [isSchema, 'a Standard Schema: one of zod, valibot, arktype'],
  final: [isSchema, 'a Standard Schema: one of zod, valibot, arktype'],
  validate: [oneOf('always', 'dev', 'never'), "'always', 'dev' or 'never'"],
  auth: [oneOf(true, false), 'true or false'],
  guards: [(value) => Array.isArray(value) && value.every(isFunction), 'a list of functions'],
  before: [hooks, 'functions by name'],
  after: [hooks, 'functions by name'],
  invalid: [isFunction, 'a function'],
  encoding: [
    (value) => value === 'fragments' || isFunction(value),
    "'fragments', or an encoding: plain, events(), sequenced",
  ],
  heartbeatMs: [
    (value) => value === false || (typeof value === 'number' && value > 0),
    'milliseconds above 0, or false for none',
  ],
  retryMs: [
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'whole milliseconds, 0 or more',
  ],
  updates: [oneOf('auto', 'full'), "'auto' or 'full'"],
  frameMs: [(value) => typeof value === 'number' && value >= 0, 'milliseconds, 0 or more'],
  status: [
    (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
    'a status from 200 to 599',
  ],
  headers: [isObject, 'texts by name'],
  rawHeaders: [Array.isArray, 'a list of pairs'],
  flushHeaders: [oneOf('first-value', 'immediately'), "'first-value' or 'immediately'"],
  limits: [isObject, 'numbers by name'],
  onError: [isFunction, 'a function'],
  onEnd: [isFunction, 'a function'],
}

/**
 * Looks at a route before anything is served.
 *
 * Out     the route with its defaults.
 * Throws  ConfigError `stream/…`, naming the route and what to do.
 */
export function checkDefinition(definition: AnyDefinition, handler: AnyHandler): Declared {
  const { path, method = 'POST', name = handler?.name } = definition ?? {}
  const verb = String(method).toUpperCase()
  const label = `${verb} ${String(path)}${name ? ` (${name})` : ''}`

  if (!isText(path) || !path?.startsWith('/')) {
    refuseRoute(
      'stream/path',
      label,
      'a path is text that starts with "/".',
      "Write path: '/chat'.",
    )
  }
  if (verb !== 'GET' && verb !== 'POST') {
    const hint = 'Use POST, or GET for what costs nothing and may be linked to.'
    refuseRoute('stream/method', label, 'a stream answers to GET or POST.', hint)
  }
  for (const [option, value] of Object.entries(definition)) {
    const known = OPTIONS[option]
    if (known === undefined) {
      const hint = `Leave it out ${didYouMean(option, Object.keys(OPTIONS))}.`
      refuseRoute('stream/option', label, `there is no option ${JSON.stringify(option)}.`, hint)
    }
    const [check, says] = known
    if (value !== undefined && !check(value)) {
      refuseRoute('stream/option', label, `${option} cannot be ${show(value)}.`, `Give ${says}.`)
    }
  }
  if (!isAsyncGenerator(handler)) {
    const hint = 'Write async function* (…) { yield … }: what it yields is the stream.'
    refuseRoute('stream/not-a-generator', label, 'the handler is no async generator.', hint)
  }
  streamHeaders(definition.headers, definition.rawHeaders)
  const input = definition.input ?? {}
  checkInputOf(label, path, verb, input)
  return { definition, handler, method: verb, input, label }
}

function checkInputOf(label: string, path: string, verb: string, input: InputSchemas): void {
  for (const [source, schema] of Object.entries(input)) {
    if (!SOURCES.includes(source)) {
      const hint = `Name one that there is ${didYouMean(source, SOURCES)}.`
      refuseRoute('stream/input', label, `a request has no part "${source}".`, hint)
    }
    if (!isSchema(schema)) {
      const hint = 'Give a schema of zod, valibot, arktype or another library that speaks it.'
      refuseRoute('stream/input', label, `input.${source} is no Standard Schema.`, hint)
    }
  }
  const bodies = (['json', 'form'] as const).filter((source) => input[source])
  if (verb === 'GET' && bodies.length > 0) {
    const hint = "Take it from the query, or use method: 'POST'."
    refuseRoute('stream/input', label, `a GET has no body, so no ${bodies.join(' and ')}.`, hint)
  }
  if (bodies.length > 1) {
    const hint = 'Declare json or form, or two routes.'
    refuseRoute('stream/input', label, 'a request has one body, not json and form.', hint)
  }
  const names = Array.from(path.matchAll(/\/:([^/{?]+)/g), ([, name]) => name!)
  const missing = input.param && missingParams(input.param, names)
  if (missing?.length) {
    const hint = `Write it into the path, as in "${path}/:${missing[0]}" ${didYouMean(missing[0]!, names)}.`
    refuseRoute('stream/input', label, `the path has no parameter "${missing[0]}".`, hint)
  }
}

/**
 * What a schema of parameters asks for beyond those of the path. No library tells its keys in the same way, but all
 * complain about a key that is missing.
 */
function missingParams(schema: Schema, names: readonly string[]): string[] {
  try {
    const probe = Object.fromEntries(names.map((name) => [name, 'x']))
    const result = schema['~standard'].validate(probe)
    if (result instanceof Promise) {
      result.catch(() => {})
      return []
    }
    const asked = (result.issues ?? []).map(({ path = [] }) => keysOf(path)[0])
    return asked.filter((name) => name !== undefined && !names.includes(name)) as string[]
  } catch {
    // A schema that cannot bear the probe will have its say about real values.
    return []
  }
}

function show(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
}
