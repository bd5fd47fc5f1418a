import type { Coloured } from './highlight.ts'

/** The link definitions of a text, by label. */
export type References = Record<string, { title: string; href: string }>

/** What the parts of one text have in common while it is drawn. */
export interface Drawing extends Coloured {
  [key: string | symbol]: unknown
  references: References
  /** More text may follow this. */
  open: boolean
  inLink: boolean
}

/** Drawing from the beginning of a text. */
export function newDrawing(given: Partial<Drawing> = {}): Drawing {
  return { references: {}, open: false, colouredChars: 0, inLink: false, ...given }
}
