import type { Context } from 'hono'
import { isForPeople } from '../../htmx/request.ts'
import { EventStream } from '../../streams/event-stream.ts'
import { JsonDocument } from '../../streams/json-document.ts'
import { NDJSON } from '../../streams/ndjson.ts'
import { plain } from '../../streams/plain.ts'
import type { StreamContext } from '../../streams/source.ts'
import type { StreamEnd } from '../../streams/stream-end.ts'
import { Page } from '../page.ts'
import { checkSseMethod, settingsOf } from '../settings.ts'
import type { AnyHooks, Declared } from './definition.ts'
import { invalidInput, readInput, type ReadInput } from './input.ts'
import { checkedValues } from './stream.ts'

type Answer = Response | Page | EventStream | NDJSON | JsonDocument

/**
 * Answers one request that the guards have let pass: input, `before` hooks, then the stream in the format that the client
 * asks for. The handler starts when the answer is wanted.
 *
 * Throws  InputError for input that does not fit; what a hook throws.
 */
export async function answerDeclared(declared: Declared, c: Context): Promise<Answer> {
  const { definition, handler, input } = declared
  const { encoding = plain, validate = 'always', after, onEnd } = definition
  const settings = settingsOf(c)
  const format = encoding === 'fragments' ? 'events' : preferredFormat(c.req.header('accept'))
  // Before the hooks, which may cost something.
  if (format === 'events') checkSseMethod(c, settings)
  const read = await readInput(input, c)
  if (read.issues.length > 0) return answerInvalid(declared, read, c)
  const inputs = { ...read.values, c }
  const before = await runHooks(definition.before, { ...inputs, signal: c.req.raw.signal })

  const rules = {
    ...declared,
    validates: validate === 'always' || (validate === 'dev' && settings.expose),
    rendersFragments: encoding === 'fragments',
  }
  let returned: unknown
  async function* source(context: StreamContext): AsyncGenerator<unknown, unknown, undefined> {
    const final = yield* checkedValues(rules, context, async (own) =>
      handler({ ...inputs, ...own, before } as never),
    )
    await runHooks(after, { ...inputs, ...context, before, final })
    returned = final
    // Lines have no end event, so the final value is the last line.
    if (format === 'lines' && final !== undefined) yield final
    return final
  }
  const options = {
    ...definition,
    onEnd: (end: StreamEnd): void =>
      onEnd?.(returned === undefined ? end : { ...end, final: returned }),
  }
  if (format === 'lines') return new NDJSON(source, options)
  if (format === 'document') return new JsonDocument(source, options, () => returned)
  if (encoding !== 'fragments') return new EventStream(source, { ...options, encoding })
  return new EventStream(source, { ...options, encoding: undefined } as object)
}

/** Runs hooks side by side. */
async function runHooks(hooks: AnyHooks = {}, input: object): Promise<Record<string, unknown>> {
  const results = Object.entries(hooks).map(
    async ([name, hook]) => [name, await hook(input as never)] as const,
  )
  return Object.fromEntries(await Promise.all(results))
}

/** Answers input that does not fit: a person as the route says, a program with the list of issues. */
async function answerInvalid(
  { definition }: Declared,
  { values, issues }: ReadInput,
  c: Context,
): Promise<Answer> {
  if (!definition.invalid || !isForPeople(c.req.raw.headers)) throw invalidInput(issues)
  const answer = await definition.invalid(issues as never, values as never, c as never)
  if (!(answer instanceof Page) || answer.options.status !== undefined) return answer as Response
  return new Page(answer.template, answer.context, { ...answer.options, status: 422 })
}

/** The formats of a declared stream, by the media types that ask for them. */
const FORMATS: Readonly<Record<string, 'events' | 'lines' | 'document'>> = {
  'text/event-stream': 'events',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/json': 'document',
}

/** The format that an Accept header prefers. Events, unless it names another one: a wildcard names none. */
function preferredFormat(accept: string = ''): 'events' | 'lines' | 'document' {
  const ranges = accept
    .toLowerCase()
    .split(',')
    .flatMap((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
      const weight = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1)
      const format = FORMATS[type]
      return format !== undefined && weight > 0 ? [{ format, weight }] : []
    })
  const most = Math.max(...ranges.map(({ weight }) => weight))
  const preferred = ranges.filter(({ weight }) => weight === most).map(({ format }) => format)
  // Of two with the same weight, the one that needs no waiting.
  return preferred.includes('events') ? 'events' : (preferred[0] ?? 'events')
}
