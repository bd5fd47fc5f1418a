/** The link definitions of a text, by label. */
export type References = Record<string, { title: string; href: string }>

/** What the parts of one text have in common while they are rendered one after the other. */
export interface RenderState {
  [key: string | symbol]: unknown
  references: References
  /** More text may follow this part. */
  isTail: boolean
  /** How much code was highlighted so far. */
  highlightedChars: number
  inLink: boolean
}

/** The state at the beginning of a text. */
export function newRenderState(): RenderState {
  return { references: {}, isTail: false, highlightedChars: 0, inLink: false }
}
