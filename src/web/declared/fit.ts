import type { InputIssue } from '../../shared/errors.ts'
import type { Schema, SchemaIssue, SchemaResult } from '../../shared/schema.ts'

/**
 * Looks at a value through its schema.
 *
 * Out     the result at once where the schema can; most can, and a promise for each value is what a stream pays most for.
 */
export function fit(
  schema: Schema,
  value: unknown,
): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  return schema['~standard'].validate(value)
}

/** An issue as the caller sees it. Only the message is the library's. */
export function toInputIssue(source: string, { message, path = [] }: SchemaIssue): InputIssue {
  return { in: source, path: keysOf(path).join('.'), message }
}

/** The steps of a path, unwrapped. */
export function keysOf(path: NonNullable<SchemaIssue['path']>): string[] {
  return path.map((step) => String(typeof step === 'object' ? step.key : step))
}

/** All issues of a value in one sentence, for the log. */
export function sayIssues(issues: readonly SchemaIssue[]): string {
  return issues
    .map(({ message, path = [] }) => [keysOf(path).join('.'), message].filter(Boolean).join(': '))
    .join('; ')
}
