/** A chunk of the answer itself. */
export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

/**
 * What a model says beside its answer. `raw` is the provider's own object, where one exists, for all that is not
 * spelt out here.
 */
export type NonTextPart =
  | { readonly type: 'reasoning'; readonly text: string; readonly raw: unknown }
  | {
      readonly type: 'source'
      readonly url?: string
      readonly title?: string
      readonly raw: unknown
    }
  | { readonly type: 'tool'; readonly name?: string; readonly raw: unknown }
  | {
      readonly type: 'usage'
      readonly inputTokens?: number
      readonly outputTokens?: number
      readonly raw: unknown
    }
  | { readonly type: 'finish'; readonly reason?: string; readonly raw: unknown }

/** Anything a model says, in one spelling for all providers. */
export type Part = TextPart | NonTextPart
