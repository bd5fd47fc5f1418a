import type { Context } from 'hono'
import { isForPeople } from '../../htmx/request.ts'
import { EventStream } from '../../streams/event-stream.ts'
import { JsonDocument } from '../../streams/json.ts'
import { NDJSON } from '../../streams/ndjson.ts'
import { plain } from '../../streams/encoder.ts'
import type { Source, StreamContext } from '../../streams/source.ts'
import type { StreamEnd } from '../../streams/end.ts'
import { settingsOf } from '../current-settings.ts'
import { Page } from '../page.ts'
import { checkSseMethod } from '../sse-method.ts'
import { answerForm } from './answer-form.ts'
import { CheckedValues } from './checked-values.ts'
import type { Declared } from './declared.ts'
import { invalid, readInput, type ReadInput } from './read-input.ts'

type Answer = Response | Page | EventStream | NDJSON | JsonDocument

/**
 * Answers one request that the guards have let pass: input, `before` hooks, then the stream in the form that the client
 * asks for. Nothing of the handler runs before the answer is wanted.
 *
 * Throws  InputError for input that does not fit; what a hook throws.
 */
export async function answerDeclared(declared: Declared, c: Context): Promise<Answer> {
  const { definition, handler, label } = declared
  const { encoding = plain } = definition
  const form = encoding === 'fragments' ? 'events' : answerForm(c.req.header('accept'))
  // Before the hooks, which may cost something.
  if (form === 'events') checkSseMethod(c, settingsOf(c))
  const read = await readInput(declared.input, c)
  if (read.issues.length > 0) return refuse(declared, read, c)
  const given = { ...read.values, c }
  const before = await settled(definition.before, { ...given, signal: c.req.raw.signal })

  const { chunk, final, validate = 'always', after } = definition
  const checks = validate === 'always' || (validate === 'dev' && settingsOf(c).expose)
  let returned: unknown
  const source = (outer: StreamContext): CheckedValues => {
    let context = outer
    return new CheckedValues(
      {
        label,
        chunk: checks ? chunk : undefined,
        final: checks ? final : undefined,
        draws: encoding === 'fragments',
        start: async (own) => {
          context = own
          return handler({ ...given, ...own, before } as never)
        },
        onFinal: async (value) => {
          await settled(after, { ...given, ...context, before, final: value })
          returned = value
        },
      },
      outer,
    )
  }
  const { onEnd } = definition
  const options = {
    ...definition,
    onEnd: (end: StreamEnd): void =>
      onEnd?.(returned === undefined ? end : { ...end, final: returned }),
  }
  if (encoding === 'fragments')
    return new EventStream(source, { ...options, encoding: undefined } as object)
  if (form === 'events') return new EventStream(source, { ...options, encoding })
  if (form === 'lines') return new NDJSON(withFinal(source), options)
  return new JsonDocument(source, options, () => returned)
}

/** Runs hooks side by side. */
async function settled(
  hooks: Readonly<Record<string, (given: never) => unknown>> = {},
  given: object,
): Promise<Record<string, unknown>> {
  return Object.fromEntries(
    await Promise.all(
      Object.entries(hooks).map(
        async ([name, hook]) => [name, await hook(given as never)] as const,
      ),
    ),
  )
}

/** A person gets what the route has for that case, a program the list of what is wrong. */
async function refuse(
  { definition }: Declared,
  { values, issues }: ReadInput,
  c: Context,
): Promise<Answer> {
  if (!definition.invalid || !isForPeople(c.req.raw.headers)) throw invalid(issues)
  const answer = await definition.invalid(issues as never, values as never, c as never)
  if (!(answer instanceof Page) || answer.options.status !== undefined) return answer as Response
  return new Page(answer.template, answer.context, { ...answer.options, status: 422 })
}

/** Lines have no last word, so what is returned is the last line. */
function withFinal(source: (context: StreamContext) => CheckedValues): Source<unknown> {
  return (context) => {
    const values = source(context)
    const iterator: AsyncIterator<unknown> = {
      async next() {
        const step = await values.next()
        return step.done && step.value !== undefined ? { done: false, value: step.value } : step
      },
      return: () => values.return(),
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }
}
