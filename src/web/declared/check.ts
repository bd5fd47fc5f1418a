import { didYouMean } from '../../shared/errors.ts'
import type { Schema } from '../../shared/schema.ts'
import { settled } from '../../shared/stoppable.ts'
import { streamHeaders } from '../../streams/headers.ts'
import {
  refuseRoute,
  type AnyDefinition,
  type AnyHandler,
  type Declared,
  type InputSchemas,
} from './definition.ts'
import { keysOf } from './input.ts'

const SOURCES = ['json', 'form', 'query', 'param', 'header', 'cookie']

type Check = (value: unknown) => boolean
const isFunction: Check = (value) => typeof value === 'function'
const isText: Check = (value) => typeof value === 'string'
const isObject: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isSchema: Check = (value) => isFunction((value as Schema | null)?.['~standard']?.validate)
const isHooks: Check = (value) =>
  isObject(value) && Object.values(value as object).every(isFunction)
const isNumber =
  (from: number, to: number = Infinity): Check =>
  (value) =>
    typeof value === 'number' && value >= from && value <= to
const isWhole =
  (from: number, to?: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && isNumber(from, to)(value)
const oneOf =
  (...known: unknown[]): Check =>
  (value) =>
    known.includes(value)

const SCHEMA = [isSchema, 'a Standard Schema: one of zod, valibot, arktype'] as const

/** Every option of a route, with its check and what it may be. */
const OPTIONS: Readonly<Record<string, readonly [check: Check, allowed: string]>> = {
  path: [isText, 'text'],
  method: [isText, 'GET or POST'],
  name: [isText, 'text'],
  input: [isObject, 'a schema for each part of the request'],
  chunk: SCHEMA,
  final: SCHEMA,
  validate: [oneOf('always', 'dev', 'never'), "'always', 'dev' or 'never'"],
  auth: [oneOf(true, false), 'true or false'],
  guards: [(value) => Array.isArray(value) && value.every(isFunction), 'a list of functions'],
  before: [isHooks, 'functions by name'],
  after: [isHooks, 'functions by name'],
  invalid: [isFunction, 'a function'],
  encoding: [
    (value) => value === 'fragments' || isFunction(value),
    "'fragments', or an encoding: plain, events(), sequenced",
  ],
  heartbeatMs: [
    (value) => value === false || isNumber(Number.MIN_VALUE)(value),
    'milliseconds above 0, or false for none',
  ],
  retryMs: [isWhole(0), 'whole milliseconds, 0 or more'],
  updates: [oneOf('diff', 'full'), "'diff' or 'full'"],
  backpressure: [oneOf('latest', 'pause'), "'latest' or 'pause'"],
  frameMs: [isNumber(0), 'milliseconds, 0 or more'],
  status: [isWhole(200, 599), 'a status from 200 to 599'],
  headers: [isObject, 'texts by name'],
  rawHeaders: [Array.isArray, 'a list of pairs'],
  flushHeaders: [oneOf('first-value', 'immediately'), "'first-value' or 'immediately'"],
  limits: [isObject, 'numbers by name'],
  onError: [isFunction, 'a function'],
  onEnd: [isFunction, 'a function'],
}

/** Whether calling it gives an async generator. Read from the function, so it is never called to find out. */
export function isAsyncGenerator(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncGeneratorFunction]'
}

/**
 * Checks a route before anything is served.
 *
 * Out     the route with its defaults.
 * Throws  ConfigError `stream/…`, naming the route and what to do.
 */
export function checkDefinition(definition: AnyDefinition, handler: AnyHandler): Declared {
  const { path, method = 'POST', name = handler?.name, input = {} } = definition ?? {}
  const verb = String(method).toUpperCase()
  const label = `${verb} ${String(path)}${name ? ` (${name})` : ''}`

  if (!isText(path) || !path?.startsWith('/')) {
    const hint = "Write path: '/chat'."
    refuseRoute('stream/path', label, 'a path is text that starts with "/".', hint)
  }
  if (verb !== 'GET' && verb !== 'POST') {
    const hint = 'Use POST, or GET for what costs nothing and may be linked to.'
    refuseRoute('stream/method', label, 'a stream answers to GET or POST.', hint)
  }
  checkOptions(label, definition)
  if (!isAsyncGenerator(handler)) {
    const hint = 'Write async function* (…) { yield … }: what it yields is the stream.'
    refuseRoute('stream/not-a-generator', label, 'the handler is no async generator.', hint)
  }
  streamHeaders(definition.headers, definition.rawHeaders)
  checkInput(label, path, verb, input)
  return { definition, handler, method: verb, input, label }
}

function checkOptions(label: string, definition: AnyDefinition): void {
  for (const [option, value] of Object.entries(definition)) {
    const [check, allowed] = OPTIONS[option] ?? []
    if (check === undefined) {
      const hint = `Leave it out ${didYouMean(option, Object.keys(OPTIONS))}.`
      refuseRoute('stream/option', label, `there is no option ${JSON.stringify(option)}.`, hint)
    }
    if (value !== undefined && !check(value)) {
      const shown = isFunction(value) ? 'a function' : (JSON.stringify(value) ?? String(value))
      refuseRoute('stream/option', label, `${option} cannot be ${shown}.`, `Give ${allowed}.`)
    }
  }
}

function checkInput(label: string, path: string, verb: string, input: InputSchemas): void {
  const refuse = (what: string, hint: string): never =>
    refuseRoute('stream/input', label, what, hint)
  for (const [source, schema] of Object.entries(input)) {
    if (!SOURCES.includes(source))
      refuse(
        `a request has no part "${source}".`,
        `Name another one ${didYouMean(source, SOURCES)}.`,
      )
    if (!isSchema(schema))
      refuse(`input.${source} is no Standard Schema.`, 'Give a schema of zod, valibot or arktype.')
  }
  const bodies = (['json', 'form'] as const).filter((source) => input[source])
  if (verb === 'GET' && bodies.length > 0) {
    const hint = "Take it from the query, or use method: 'POST'."
    refuse(`a GET has no body, so no ${bodies.join(' and ')}.`, hint)
  }
  if (bodies.length > 1)
    refuse('a request has one body, not json and form.', 'Declare json or form, or two routes.')
  const names = Array.from(path.matchAll(/\/:([^/{?]+)/g), ([, name]) => name!)
  const [missing] = input.param ? missingParams(input.param, names) : []
  if (missing !== undefined) {
    const hint = `Write it into the path, as in "${path}/:${missing}" ${didYouMean(missing, names)}.`
    refuse(`the path has no parameter "${missing}".`, hint)
  }
}

/**
 * The parameters that a schema asks for and the path does not have. Libraries list their keys in different ways, but all
 * report a key that is missing.
 */
function missingParams(schema: Schema, names: readonly string[]): string[] {
  try {
    const probe = Object.fromEntries(names.map((name) => [name, 'x']))
    const result = schema['~standard'].validate(probe)
    if (result instanceof Promise) void settled(() => result)
    const issues = result instanceof Promise ? [] : (result.issues ?? [])
    const reported = issues.flatMap(({ path }) => keysOf(path).slice(0, 1))
    return reported.filter((name) => !names.includes(name))
  } catch {
    // A schema that the probe breaks is used with real values only.
    return []
  }
}
