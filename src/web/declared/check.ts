import { didYouMean } from '../../shared/errors.ts'
import type { Schema } from '../../shared/schema.ts'
import { ignoreErrors } from '../../shared/abortable.ts'
import { tryOr } from '../../shared/hooks.ts'
import { streamHeaders } from '../../streams/stream-body.ts'
import { refuseRoute, type Declared, type InputSchemas } from './definition.ts'
import { INPUT_SOURCES, keysOf } from './input.ts'

type Check = (value: any) => boolean
const isFunction: Check = (value) => typeof value === 'function'
const isText: Check = (value) => typeof value === 'string'
const isObject: Check = (value) => value === Object(value) && !Array.isArray(value)
const isHooks: Check = (value) => isObject(value) && Object.values(value).every(isFunction)
const isSchema: Check = (value) => isFunction(value?.['~standard']?.validate)
const isWhole: Check = (value) => Number.isSafeInteger(value) && value >= 0
const isMs: Check = (value) => typeof value === 'number' && value >= 0
const isEncoding: Check = (value) => value === 'fragments' || isFunction(value)
const isHeartbeat: Check = (value) =>
  value === false || value === null || (isMs(value) && value > 0)
const isStatus: Check = (value) => isWhole(value) && value >= 200 && value < 600
const oneOf =
  (...known: unknown[]): Check =>
  (value) =>
    known.includes(value)

/** The options of a route, with their check and what they may be. */
const OPTIONS: readonly (readonly [names: string, check: Check, allowed: string])[] = [
  ['path method name', isText, 'text'],
  ['input headers limits', isObject, 'values by name'],
  ['chunk final', isSchema, 'a Standard Schema: one of zod, valibot, arktype'],
  ['validate', oneOf('always', 'dev', 'never'), "'always', 'dev' or 'never'"],
  ['auth', oneOf(true, false), 'true or false'],
  ['guards', (list) => Array.isArray(list) && list.every(isFunction), 'a list of functions'],
  ['before after', isHooks, 'functions by name'],
  ['invalid onError onEnd', isFunction, 'a function'],
  ['encoding', isEncoding, "'fragments', or an encoding: plain, events(), sequenced"],
  ['heartbeatMs', isHeartbeat, 'milliseconds above 0, or false or null for none'],
  ['pageContext', (value) => isFunction(value) || isObject(value), 'values by name, or a function'],
  ['retryMs', isWhole, 'whole milliseconds, 0 or more'],
  ['frameMs', isMs, 'milliseconds, 0 or more'],
  ['updates', oneOf('diff', 'full'), "'diff' or 'full'"],
  ['backpressure', oneOf('latest', 'pause'), "'latest' or 'pause'"],
  ['flushHeaders', oneOf('first-value', 'immediately'), "'first-value' or 'immediately'"],
  ['status', isStatus, 'a status from 200 to 599'],
  ['rawHeaders', Array.isArray, 'a list of pairs'],
]

/** Parameters as other frameworks write them: `{id}`, `{id:int}`, `<int:id>`, `[id]`, `[...rest]`. */
const FOREIGN_PARAM = /\/(?:\{\*?(\w+)[^}/]*\}|<(?:\w+:)?(\w+)>|\[(?:\.\.\.)?(\w+)\])(?=\/|$)/g

/** Checks a route before anything is served, and fills in its defaults. Throws  ConfigError `stream/…`. */
export function checkDefinition(
  definition: Declared['definition'],
  handler: Declared['handler'],
): Declared {
  const { path, method = 'POST', name = handler?.name } = definition ?? {}
  const { input = {}, guards = [] } = definition ?? {}
  const verb = String(method).toUpperCase()
  const label = `${verb} ${String(path)}${name ? ` (${name})` : ''}`
  if (isText(definition)) {
    const message = `the options are one object: write { path: ${JSON.stringify(definition)} }.`
    refuseRoute('stream/path', String(definition), message)
  }
  if (!isText(path) || !path?.startsWith('/'))
    refuseRoute('stream/path', label, `a path starts with "/", such as path: '/chat'.`)
  const ours = path.replace(FOREIGN_PARAM, (_, ...names: readonly (string | undefined)[]) => {
    return `/:${names.find((each) => each !== undefined)}`
  })
  if (ours !== path)
    refuseRoute('stream/path', label, `a parameter is written :name, so this path is "${ours}".`)
  if (verb !== 'GET' && verb !== 'POST')
    refuseRoute('stream/method', label, 'a stream answers to GET or POST only.')
  for (const [option, value] of Object.entries(definition)) checkOption(label, option, value)
  checkGenerator(label, handler)
  streamHeaders(definition.headers, definition.rawHeaders)
  const fault = faultOfInput(path, verb, input)
  if (fault !== undefined) refuseRoute('stream/input', label, fault)
  return { definition, handler, method: verb, input, guards, label }
}

/** Refuses what is no async generator. Read from the function, so it is never called to find out. */
export function checkGenerator(label: string, handler: unknown): void {
  if (Object.prototype.toString.call(handler) === '[object AsyncGeneratorFunction]') return
  const message = 'the handler is no async generator: write async function* (…) { yield … }.'
  refuseRoute('stream/not-a-generator', label, message)
}

function checkOption(label: string, option: string, value: unknown): void {
  const [, check, allowed] = OPTIONS.find(([names]) => names.split(' ').includes(option)) ?? []
  if (check === undefined) {
    const known = OPTIONS.flatMap(([names]) => names.split(' '))
    const message = `there is no option ${JSON.stringify(option)} ${didYouMean(option, known)}.`
    refuseRoute('stream/option', label, message)
  }
  if (value === undefined || check(value)) return
  const shown = isFunction(value) ? 'a function' : (JSON.stringify(value) ?? String(value))
  refuseRoute('stream/option', label, `${option} cannot be ${shown}. Give ${allowed}.`)
}

function faultOfInput(path: string, verb: string, input: InputSchemas): string | undefined {
  for (const [source, schema] of Object.entries(input)) {
    if (!INPUT_SOURCES.includes(source))
      return `a request has no part "${source}" ${didYouMean(source, INPUT_SOURCES)}.`
    if (!isSchema(schema))
      return `input.${source} is no Standard Schema, such as one of zod, valibot or arktype.`
  }
  const bodies = ['json', 'form'].filter((source) => source in input)
  if (verb === 'GET' && bodies.length > 0)
    return `a GET has no body, so no ${bodies.join(' and ')}. Use the query, or method: 'POST'.`
  if (bodies.length > 1) return 'a request has one body: declare json or form, or two routes.'
  const names = Array.from(path.matchAll(/\/:([^/{?]+)/g), ([, name]) => name!)
  const missing = input.param && missingParam(input.param, names)
  if (missing === undefined) return undefined
  return `the path has no parameter "${missing}". Write it in, as in "${path}/:${missing}".`
}

/** A parameter that a schema asks for and the path does not have: every library reports a key that is missing. */
function missingParam(schema: Schema, names: readonly string[]): string | undefined {
  const probe = Object.fromEntries(names.map((name) => [name, 'x']))
  // A schema that fails on the probe, or takes its time, is used with real values only.
  const result = tryOr(() => schema['~standard'].validate(probe), undefined)
  if (result instanceof Promise) void ignoreErrors(() => result)
  if (result === undefined || result instanceof Promise) return undefined
  const keys = result.issues?.map(({ path }) => keysOf(path)[0]) ?? []
  return keys.find((name) => name !== undefined && !names.includes(name))
}
