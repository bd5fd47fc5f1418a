import { after } from '../../shared/clock.ts'
import { TemplateError, withoutDocs, type TemplatePlace } from '../../shared/errors.ts'
import { type Callback, isNunjucksError } from './internals.ts'

type Code = ConstructorParameters<typeof TemplateError>[0]

/**
 * An error on its way out of a template, and as much as is known so far about where.
 *
 * Compiled templates know the line but not the file; what called them knows the file. Each adds what it knows,
 * and only the first word counts, so that the innermost place wins.
 */
export class Failure extends Error {
  /** Missing for an error that is not ours. */
  readonly code: Code | undefined
  readonly hint: string | undefined
  #place: Partial<TemplatePlace> = {}

  constructor(code: Code | undefined, message: string, hint?: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.hint = hint
  }

  /** In: anything thrown, with nunjucks' line and column from 0 where they are known. */
  static at(error: unknown, line?: number, column?: number): Failure | TemplateError {
    if (error instanceof TemplateError) return error
    const failure = error instanceof Failure ? error : failureOf(error)
    const place = failure.#place
    if (place.template !== undefined || place.line !== undefined) return failure
    if (isNunjucksError(error) && error.lineno)
      failure.#place = { line: error.lineno, column: error.colno! }
    else if (line !== undefined) failure.#place = { line: line + 1, column: column! + 1 }
    return failure
  }

  /** Adds the file, unless it is known. */
  static within(error: unknown, template: string, block?: string): Failure | TemplateError {
    const failure = Failure.at(error)
    if (failure instanceof Failure && failure.#place.template === undefined)
      failure.#place = { template, ...(block !== undefined && { block }), ...failure.#place }
    return failure
  }

  /** The error for the caller. In: the code for an error that is not ours. */
  static toError(
    error: unknown,
    template: string,
    block?: string,
    code: Code = 'render/failed',
  ): TemplateError {
    const failure = Failure.within(error, template, block)
    if (failure instanceof TemplateError) return failure
    const place = failure.#place as TemplatePlace
    return templateError(failure.code ?? code, place, failure.message, failure)
  }
}

function failureOf(error: unknown): Failure {
  const cause = isNunjucksError(error) && error.cause !== undefined ? error.cause : error
  const text = cause instanceof Error ? withoutDocs(cause) : String(cause)
  if (!(cause instanceof RangeError) || !text.includes('call stack'))
    return new Failure(undefined, text, undefined, cause)
  const message =
    'the templates draw each other without end, by an include, a macro or renderBlock().'
  return new Failure('template/circular', message, undefined, cause)
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
 * Runs a part of a template, and returns what it calls back with. Only the first call counts: after an error, nunjucks may
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
    answer ??= { error, value }
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
  const message = `not finished within ${limitMs} ms: an async filter never called back.`
  const cancel = after(limitMs, () => done(new Failure('template/timeout', message)))
  return new Promise<void>((resolve) => (wake = resolve)).finally(cancel).then(read)
}
