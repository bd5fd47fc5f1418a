import { SourceError } from '../../shared/errors.ts'
import type { Schema } from '../../shared/schema.ts'
import { Fragment } from '../../fragments/fragment.ts'
import type { StreamContext } from '../../streams/source.ts'
import { ServerSentEvent } from '../../sse/server-sent-event.ts'
import { fit, sayIssues } from './fit.ts'

export interface CheckedRules {
  /** For errors: which route this is. */
  readonly label: string
  /** Starts the handler. Called with the first `next`, not before. */
  readonly start: (context: StreamContext) => Promise<AsyncIterator<unknown, unknown>>
  readonly chunk: Schema | undefined
  readonly final: Schema | undefined
  /** Whether the encoding can draw fragments. */
  readonly draws: boolean
  /** Runs with the final value that fits, before anybody is told that the stream has ended. */
  readonly onFinal: (final: unknown) => unknown
}

/**
 * What a handler yields and returns, each through its schema.
 *
 * No generator of its own, because that would be one more queue in front of the handler's `return`.
 *
 * Ends    with the handler, or with the first value that does not fit: that one is never given on, the handler's signal
 *         aborts, and it is closed.
 * Throws  SourceError `source/chunk` or `source/final`; what the handler or `onFinal` throws.
 */
export class CheckedValues implements AsyncIterableIterator<unknown, unknown, undefined> {
  readonly #rules: CheckedRules
  readonly #context: StreamContext
  readonly #own = new AbortController()
  readonly #outerAborts = (): void => this.#own.abort(this.#context.signal.reason)
  #values: AsyncIterator<unknown, unknown> | undefined
  #over = false
  #closing: Promise<unknown> | undefined

  constructor(rules: CheckedRules, context: StreamContext) {
    this.#rules = rules
    this.#context = context
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    if (this.#over) return { done: true, value: undefined }
    try {
      this.#values ??= await this.#start()
      const step = await this.#values.next()
      if (!step.done) return { done: false, value: await this.#chunk(step.value) }
      const final = await this.#final(step.value)
      await this.#rules.onFinal(final)
      this.#leave()
      return { done: true, value: final }
    } catch (error) {
      // Not awaited: a handler that closes slowly keeps nobody from hearing what went wrong.
      this.#close(error).catch(() => {})
      throw error
    }
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    await this.#close()
    return { done: true, value }
  }

  async #close(reason?: unknown): Promise<unknown> {
    if (!this.#over) {
      this.#leave()
      this.#own.abort(reason)
      this.#closing = this.#values?.return?.()
    }
    return this.#closing
  }

  #start(): Promise<AsyncIterator<unknown, unknown>> {
    const { signal, lastEventId } = this.#context
    if (signal.aborted) this.#outerAborts()
    else signal.addEventListener('abort', this.#outerAborts, { once: true })
    return this.#rules.start({ signal: this.#own.signal, lastEventId })
  }

  #leave(): void {
    this.#over = true
    this.#context.signal.removeEventListener('abort', this.#outerAborts)
  }

  #chunk(value: unknown): unknown {
    const { chunk, draws, label } = this.#rules
    // An event says for itself how it is spelt, so no schema of values fits it.
    if (value instanceof ServerSentEvent) return value
    if (value instanceof Fragment && !draws) {
      throw new SourceError(
        'source/value',
        `${label} yielded a Fragment, but its encoding draws none.`,
        {
          hint: "Declare the route with encoding: 'fragments'.",
        },
      )
    }
    return chunk ? through(chunk, value, 'source/chunk', `${label} yielded a value`) : value
  }

  #final(value: unknown): unknown {
    const { final, label } = this.#rules
    return final ? through(final, value, 'source/final', `${label} returned a value`) : value
  }
}

function through(
  schema: Schema,
  value: unknown,
  code: 'source/chunk' | 'source/final',
  what: string,
): unknown {
  const taken = (result: Awaited<ReturnType<typeof fit>>): unknown => {
    if (!result.issues) return result.value
    throw new SourceError(code, `${what} that does not fit: ${sayIssues(result.issues)}.`)
  }
  const result = fit(schema, value)
  return result instanceof Promise ? result.then(taken) : taken(result)
}
