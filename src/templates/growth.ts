/**
 * How a block may travel while one of its variables grows.
 *
 * - `append`: what is new in the variable, escaped, is what is new in the block; it goes to the end of one element.
 * - `settle`: the variable comes out through `markdown`: what changes at the end of its HTML goes to where that stands.
 * - `full`: nothing of the kind is proved, so the whole block is drawn each time.
 *
 * Proved from the template's syntax tree and never guessed. The idea of an update that is only the difference is old
 * (incremental view maintenance); that a template can tell where it holds is ours.
 */
export type GrowthPlan = AppendPlan | SettlePlan | FullPlan

/** Where in the block the variable comes out. */
export interface GrowthPlace {
  /**
   * The innermost element around the output when the output is the last thing in it, so that appending to that
   * element is appending to the output. Absent when something follows the output inside the element.
   */
  readonly element?: {
    /** The element's own id, or nothing when it has none and one may be lent. */
    readonly id?: string
    readonly tag: string
  }
  /** Line of the output in its template, from 1. */
  readonly line: number
  readonly template: string
}

/** The variable comes out once, as escaped text: new text may be sent alone. */
export interface AppendPlan extends GrowthPlace {
  readonly kind: 'append'
}

/** The variable comes out once, through the `markdown` filter. */
export interface SettlePlan extends GrowthPlace {
  readonly kind: 'settle'
}

/** Only drawing the whole block is known to be right, and why. */
export interface FullPlan {
  readonly kind: 'full'
  readonly reason: string
  /** Where the reason stands, from 1, when it stands in one place. */
  readonly line?: number
  readonly template?: string
}
