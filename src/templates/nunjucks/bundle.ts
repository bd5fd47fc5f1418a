import type { BundledTemplate } from './internals.ts'

/** The module that `swapstream bundle` writes: templates, compiled, and the files that pages need. */
export interface Bundle {
  readonly compiled: Readonly<Record<string, BundledTemplate>>
  /** `htmx.js`, `swapstream.css`, `swapstream.js`. */
  readonly assets: Readonly<Record<string, string>>
}

/** Tells a bundle from a record of name → text, and from a source. */
export function isBundle(templates: unknown): templates is Bundle {
  const { compiled, assets } = Object(templates) as Partial<Bundle>
  return typeof compiled === 'object' && typeof assets === 'object'
}
