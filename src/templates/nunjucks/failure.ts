import { nearest } from '../../base/nearest.ts'
import { TemplateError, type TemplatePlace } from '../../base/errors.ts'
import { isNunjucksError } from './internals.ts'
import type { Outcome } from './outcome.ts'

/**
 * An error on its way out of a template: what was thrown, and as much as is known so far about where.
 *
 * Compiled templates know the line but not the file; whoever called them knows the file. Each adds what it knows,
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

  /** In: whatever was thrown, with nunjucks' line and column from 0, NaN when unknown. */
  static of(error: unknown, line: number, column: number): unknown {
    if (error instanceof Failure || error instanceof TemplateError || error instanceof Lost)
      return error
    if (isNunjucksError(error) && error.lineno) return new Failure(error, error.lineno, error.colno)
    return Number.isNaN(line) ? new Failure(error) : new Failure(error, line + 1, column + 1)
  }

  /** Adds the file, unless somebody nearer has. */
  static within(error: unknown, template: string, block?: string): unknown {
    if (error instanceof TemplateError || error instanceof Lost) return error
    const failure = error instanceof Failure ? error : (Failure.of(error, NaN, NaN) as Failure)
    if (failure.template === undefined) {
      failure.template = template
      failure.block = block
    }
    return failure
  }

  /** The error that leaves the room. */
  static toError(error: unknown, template: string, block?: string): Error {
    if (error instanceof TemplateError || error instanceof Lost) return error
    const failure = Failure.within(error, template, block) as Failure
    const { cause, line, column } = failure
    const place: TemplatePlace = {
      template: failure.template!,
      ...(failure.block !== undefined && { block: failure.block }),
      ...(line !== undefined && { line }),
      ...(column !== undefined && { column }),
    }
    if (cause instanceof UnknownName) {
      return templateError('template/filter-unknown', place, cause.message, { hint: cause.hint })
    }
    const origin = isNunjucksError(cause) && cause.cause !== undefined ? cause.cause : cause
    if (origin instanceof RangeError && origin.message.includes('call stack')) {
      const message =
        'the templates draw each other without end, by an include, a macro or renderBlock().'
      return templateError('template/circular', place, message, { cause: origin })
    }
    return templateError('render/failed', place, messageOf(origin), { cause: origin })
  }
}

/**
 * Stands for a value that could not be made on the way to a block. Most blocks do not need it; one that does
 * throws it, in whatever way it is used.
 */
export class Lost extends Error {
  /** Which one of its page this is, counted from 0: a second run fails right there, and knows the place. */
  readonly index: number

  constructor(index: number, cause: unknown) {
    super('a value was lost', { cause })
    this.index = index
  }

  override toString(): never {
    throw this
  }
}

/** Runs something of a template's. Throws  what it throws, at once or later, as an error that may leave the room. */
export function located<T>(
  place: { readonly template: string; readonly block?: string },
  run: () => Outcome<T>,
): Outcome<T> {
  const fail = (error: unknown): never => {
    throw Failure.toError(error, place.template, place.block)
  }
  try {
    const outcome = run()
    return outcome instanceof Promise ? outcome.catch(fail) : outcome
  } catch (error) {
    return fail(error)
  }
}

/** A filter or test that nobody added. */
export class UnknownName extends Error {
  readonly hint: string

  constructor(kind: 'filter' | 'test', name: string, known: object) {
    super(`unknown ${kind} "${name}".`)
    const meant = nearest(name, Object.keys(known))
    this.hint =
      meant === undefined ? `Add it: ${kind}s: { ${name}: … }.` : `Did you mean "${meant}"?`
  }
}

/** What a thrown value says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/**
 * A TemplateError whose message begins with the place, as compilers write it: `chat.html:3:8: …`.
 *
 * @example templateError('render/failed', { template: 'chat.html', line: 3, column: 8 }, 'Unable to call `gone`')
 */
export function templateError(
  code: ConstructorParameters<typeof TemplateError>[0],
  place: TemplatePlace,
  message: string,
  details?: ConstructorParameters<typeof TemplateError>[3],
): TemplateError {
  const { template, block, line, column } = place
  const at =
    line === undefined ? template : `${template}:${line}${column === undefined ? '' : `:${column}`}`
  const inBlock = block === undefined ? '' : ` (block "${block}")`
  return new TemplateError(code, `${at}${inBlock}: ${message}`, place, details)
}

/** Templates that extend each other. In: their names, the last of which closes the circle, and where it is named. */
export function circular(names: readonly string[], place: TemplatePlace): TemplateError {
  const message = `templates extend each other in a circle: ${names.join(' → ')}`
  return templateError('template/circular', place, message)
}
