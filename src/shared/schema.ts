/**
 * A schema of any library that speaks Standard Schema: zod, valibot, arktype and others.
 *
 * Only the shape stands here, so that swapstream depends on none of them.
 *
 * @example
 * // The whole interface, by hand: text that is not empty.
 * const text: Schema = { '~standard': { version: 1, vendor: 'own', validate: (value) =>
 *   typeof value === 'string' && value ? { value } : { issues: [{ message: 'Type something.' }] } } }
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that a schema finds wrong. Libraries add members of their own, such as a code. */
export interface SchemaIssue {
  readonly message: string
  /** From the outside in. Some libraries wrap each step. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Type of a schema's input. */
export type SchemaInput<S extends Schema> = NonNullable<S['~standard']['types']>['input']

/** Type of its output. */
export type SchemaOutput<S extends Schema> = NonNullable<S['~standard']['types']>['output']
