import type { Context } from 'hono'
import { parseAccept } from 'hono/utils/accept'
import { isForPeople } from '../../htmx/request.ts'
import { EventStream } from '../../streams/event-stream.ts'
import { JsonDocument, NDJSON } from '../../streams/bodies.ts'
import { plain } from '../../streams/encoder.ts'
import type { StreamContext } from '../../streams/source.ts'
import { Page } from '../page.ts'
import { checkSseMethod, settingsOf } from '../settings.ts'
import type { Declared } from './definition.ts'
import { invalidInput, readInput, type ReadInput } from './input.ts'
import { checkedValues } from './stream.ts'

type Answer = Response | Page | EventStream | NDJSON | JsonDocument

/**
 * Answers one request that the guards have let pass: input, `before` hooks, then the stream in the format that the client
 * asks for. The handler starts when the answer is wanted. Throws  InputError; what a hook throws.
 */
export async function answerDeclared(declared: Declared, c: Context): Promise<Answer> {
  const { definition, handler, input, label } = declared
  const { encoding = plain, validate = 'always', before, after } = definition
  const settings = settingsOf(c)
  const rendersFragments = encoding === 'fragments'
  const format = rendersFragments ? 'events' : preferredFormat(c.req.header('accept'))
  // Before the hooks, which may cost something.
  if (format === 'events') checkSseMethod(c, settings)
  const read = await readInput(input, c)
  if (read.issues.length > 0) return answerInvalid(declared, read, c)
  // HEAD wants the headers, and starts nothing.
  const hooks = c.req.method === 'HEAD' ? {} : before
  const results = await runHooks(hooks, { ...read.values, c, signal: c.req.raw.signal })

  const inputs = { ...read.values, c, before: results }
  const validates = validate === 'always' || (validate === 'dev' && settings.expose)
  const rules = { label, rendersFragments, ...(validates && definition) }
  let final: unknown
  async function* source(context: StreamContext): AsyncGenerator<unknown, unknown, undefined> {
    const returned = yield* checkedValues(rules, context, async (own) =>
      handler({ ...inputs, ...own }),
    )
    await runHooks(after, { ...inputs, ...context, final: returned })
    final = returned
    // Lines have no end event, so the final value is the last line.
    if (format === 'lines' && final !== undefined) yield final
    return final
  }
  const options = {
    ...definition,
    encoding: rendersFragments ? undefined : encoding,
  } as object
  if (format === 'lines') return new NDJSON(source, options)
  if (format === 'document') return new JsonDocument(source, options, () => final)
  return new EventStream(source, options)
}

/** Runs hooks side by side. */
async function runHooks(
  hooks: Readonly<Record<string, (input: any) => unknown>> = {},
  input: object,
): Promise<Record<string, unknown>> {
  const results = Object.entries(hooks).map(async ([name, hook]) => [name, await hook(input)])
  return Object.fromEntries(await Promise.all(results))
}

/** Answers input that does not fit: a person as the route says, a program with the list of issues. */
async function answerInvalid(
  { definition }: Declared,
  { values, issues }: ReadInput,
  c: Context,
): Promise<Answer> {
  if (!definition.invalid || !isForPeople(c.req.raw.headers)) throw invalidInput(issues)
  const answer = await definition.invalid(issues, values as never, c)
  if (!(answer instanceof Page) || answer.options.status !== undefined) return answer
  return new Page(answer.template, answer.context, { ...answer.options, status: 422 })
}

type Format = 'events' | 'lines' | 'document'

/** The formats of a declared stream, by the media types that ask for them. */
const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['text/event-stream', 'events'],
  ['application/x-ndjson', 'lines'],
  ['application/ndjson', 'lines'],
  ['application/jsonl', 'lines'],
  ['application/json', 'document'],
])

/** The format that an Accept header prefers; events unless it names another one. A wildcard names none. */
function preferredFormat(accept: string = ''): Format {
  const known = parseAccept(accept.toLowerCase()).filter(
    ({ type, q }) => q > 0 && FORMATS.has(type),
  )
  const best = known.filter(({ q }) => q === known[0]?.q).map(({ type }) => FORMATS.get(type)!)
  // Of several with the same weight, the one that needs no waiting.
  return best.includes('events') ? 'events' : (best[0] ?? 'events')
}
