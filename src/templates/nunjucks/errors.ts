import { after } from '../../shared/clock.ts'
import { TemplateError, type TemplatePlace } from '../../shared/errors.ts'
import { type Callback, isNunjucksError } from './internals.ts'

type Code = ConstructorParameters<typeof TemplateError>[0]

/** An error of ours in a template, thrown where its place is not known yet. */
export class Fault extends Error {
  readonly code: Code
  readonly hint: string | undefined

  constructor(code: Code, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/**
 * An error on its way out of a template: what was thrown, and as much as is known so far about where.
 *
 * Compiled templates know the line but not the file; what called them knows the file. Each adds what it knows,
 * and only the first word counts, so that the innermost place wins.
 */
export class Failure {
  readonly cause: unknown
  #place: Partial<TemplatePlace>

  constructor(cause: unknown, place: Partial<TemplatePlace>) {
    this.cause = cause
    this.#place = place
  }

  /** In: anything thrown, with nunjucks' line and column from 0 where they are known. */
  static at(error: unknown, line?: number, column?: number): Failure | TemplateError {
    if (error instanceof Failure || error instanceof TemplateError) return error
    if (isNunjucksError(error) && error.lineno)
      return new Failure(error, { line: error.lineno, column: error.colno! })
    return new Failure(error, line === undefined ? {} : { line: line + 1, column: column! + 1 })
  }

  /** Adds the file, unless it is known. */
  static within(error: unknown, template: string, block?: string): Failure | TemplateError {
    const failure = Failure.at(error)
    if (failure instanceof Failure && failure.#place.template === undefined)
      failure.#place = { template, ...(block !== undefined && { block }), ...failure.#place }
    return failure
  }

  /** The error for the caller. In: the code for what is no fault of ours. */
  static toError(
    error: unknown,
    template: string,
    block?: string,
    code: Code = 'render/failed',
  ): TemplateError {
    const failure = Failure.within(error, template, block)
    if (failure instanceof TemplateError) return failure
    const { cause } = failure
    const place = failure.#place as TemplatePlace
    if (cause instanceof Fault) return templateError(cause.code, place, cause.message, cause)
    const origin = isNunjucksError(cause) && cause.cause !== undefined ? cause.cause : cause
    const isEndless = origin instanceof RangeError && origin.message.includes('call stack')
    if (!isEndless)
      return templateError(code, place, origin instanceof Error ? origin.message : String(origin), {
        cause: origin,
      })
    const message =
      'the templates draw each other without end, by an include, a macro or renderBlock().'
    return templateError('template/circular', place, message, { cause: origin })
  }
}

/**
 * A TemplateError whose message begins with the place, as compilers write it: `chat.html:3:8: …`.
 *
 * @example templateError('render/failed', { template: 'chat.html', line: 3, column: 8 }, 'Unable to call `gone`')
 */
export function templateError(
  code: Code,
  place: TemplatePlace,
  message: string,
  { hint, cause }: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): TemplateError {
  const { template, block, line, column } = place
  const at = [template, line, column].filter((part) => part !== undefined).join(':')
  const inBlock = block === undefined ? '' : ` (block "${block}")`
  const details = { ...(hint !== undefined && { hint }), cause }
  return new TemplateError(code, `${at}${inBlock}: ${message}`, place, details)
}

/** A value at once when nothing waits, a promise of it otherwise. */
export type MaybePromise<T> = T | Promise<T>

/** Calls `next` with a value, at once when it is there. */
export function andThen<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/**
 * Runs a part of a template, and gives what it calls back with. Only the first call counts: after an error, nunjucks may
 * call again.
 *
 * Throws  TemplateError, at once or later; `template/timeout` when no answer came in time.
 */
export function resultOf<T>(
  { template, block }: { readonly template: string; readonly block?: string | undefined },
  limitMs: number,
  start: (done: Callback<T>) => void,
): MaybePromise<T> {
  let answer: { error: unknown; value: T | undefined } | undefined
  let wake = (): void => {}
  const done = (error: unknown, value?: T): void => {
    if (answer) return
    answer = { error, value }
    wake()
  }
  const read = (): T => {
    if (answer!.error) throw Failure.toError(answer!.error, template, block)
    return answer!.value as T
  }
  try {
    start(done)
  } catch (error) {
    done(error)
  }
  if (answer) return read()
  return new Promise<void>((resolve) => {
    const message = `not finished within ${limitMs} ms: an async filter never called back.`
    const cancel = after(limitMs, () => done(new Fault('template/timeout', message)))
    wake = () => {
      cancel()
      resolve()
    }
  }).then(read)
}
