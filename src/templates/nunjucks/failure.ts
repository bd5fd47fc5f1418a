import { after } from '../../shared/clock.ts'
import { TemplateError, type TemplatePlace } from '../../shared/errors.ts'
import { type Callback, isNunjucksError } from './internals.ts'

type Code = ConstructorParameters<typeof TemplateError>[0]
type Details = ConstructorParameters<typeof TemplateError>[3]

/** Something of ours that is wrong in a template, thrown where its place is not known yet. */
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
  readonly line: number | undefined
  readonly column: number | undefined
  template: string | undefined
  block: string | undefined

  constructor(cause: unknown, line?: number, column?: number) {
    this.cause = cause
    this.line = line
    this.column = column
  }

  /** In: anything thrown, with nunjucks' line and column from 0 where they are known. */
  static at(error: unknown, line?: number, column?: number): Failure | TemplateError {
    if (error instanceof Failure || error instanceof TemplateError) return error
    if (isNunjucksError(error) && error.lineno) return new Failure(error, error.lineno, error.colno)
    return line === undefined ? new Failure(error) : new Failure(error, line + 1, column! + 1)
  }

  /** Adds the file, unless it is known. */
  static within(error: unknown, template: string, block?: string): Failure | TemplateError {
    const failure = Failure.at(error)
    if (failure instanceof Failure && failure.template === undefined) {
      failure.template = template
      failure.block = block
    }
    return failure
  }

  /** The error that a caller gets. In: the code for what is no fault of ours. */
  static toError(
    error: unknown,
    template: string,
    block?: string,
    code: Code = 'render/failed',
  ): TemplateError {
    const failure = Failure.within(error, template, block)
    if (failure instanceof TemplateError) return failure
    const { cause, line, column } = failure
    const place: TemplatePlace = {
      template: failure.template!,
      ...(failure.block !== undefined && { block: failure.block }),
      ...(line !== undefined && { line }),
      ...(column !== undefined && { column }),
    }
    if (cause instanceof Fault) {
      const { message, hint } = cause
      return templateError(cause.code, place, message, hint === undefined ? {} : { hint })
    }
    const origin = isNunjucksError(cause) && cause.cause !== undefined ? cause.cause : cause
    if (origin instanceof RangeError && origin.message.includes('call stack')) {
      const message =
        'the templates draw each other without end, by an include, a macro or renderBlock().'
      return templateError('template/circular', place, message, { cause: origin })
    }
    const message = origin instanceof Error ? origin.message : String(origin)
    return templateError(code, place, message, { cause: origin })
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
  details?: Details,
): TemplateError {
  const { template, block, line, column } = place
  const at = [template, line, column].filter((part) => part !== undefined).join(':')
  const inBlock = block === undefined ? '' : ` (block "${block}")`
  return new TemplateError(code, `${at}${inBlock}: ${message}`, place, details)
}

/** A value at once when nothing waits, a promise of it otherwise. */
export type Outcome<T> = T | Promise<T>

/** `next` on a value, at once when it is there. */
export function andThen<T, U>(outcome: Outcome<T>, next: (value: T) => Outcome<U>): Outcome<U> {
  return outcome instanceof Promise ? outcome.then(next) : next(outcome)
}

/** What something of a template's calls back with. Only the first answer counts: after an error, nunjucks may call again. */
class Answer<T> {
  isSettled = false
  error: unknown
  value: T | undefined
  wake: (() => void) | undefined

  settle(error: unknown, value?: T): void {
    if (this.isSettled) return
    this.isSettled = true
    this.error = error
    this.value = value
    this.wake?.()
  }

  read(template: string, block: string | undefined): T {
    if (this.error) throw Failure.toError(this.error, template, block)
    return this.value as T
  }
}

/**
 * Runs something of a template's, and gives what it calls back with.
 *
 * Throws  TemplateError, at once or later; `template/timeout` when no answer came in time.
 */
export function outcomeOf<T>(
  { template, block }: { readonly template: string; readonly block?: string | undefined },
  limitMs: number,
  start: (done: Callback<T>) => void,
): Outcome<T> {
  const answer = new Answer<T>()
  try {
    start((error, value) => answer.settle(error, value))
  } catch (error) {
    answer.settle(error)
  }
  if (answer.isSettled) return answer.read(template, block)
  return new Promise<void>((resolve) => {
    const message = `not finished within ${limitMs} ms: an async filter never called back.`
    const cancel = after(limitMs, () => answer.settle(new Fault('template/timeout', message)))
    answer.wake = () => {
      cancel()
      resolve()
    }
  }).then(() => answer.read(template, block))
}
