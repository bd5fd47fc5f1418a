import type { GrowthPlan } from './growth.ts'

/** What a template is given. Keys are plain names; values are whatever its author expects. */
export type Context = Readonly<Record<string, unknown>>

/**
 * Draws templates and single blocks of them. The whole framework knows templates only through this door,
 * so components or another template language plug in by implementing three functions.
 */
export interface TemplateEngine {
  /** The whole template as text: a page. */
  render(template: string, context?: Context): Promise<string>
  /**
   * Resolves one block of a template once, for many renders.
   *
   * Throws  TemplateError `template/missing`, `block/unknown`, … before anything is drawn.
   */
  open(template: string, block: string, context?: Context): Promise<BlockRenderer>
  /**
   * A page in two halves, around the one place where the variable `key` comes out as escaped text: whatever text it holds,
   * the page is the first half, that text, the second half; and how it is without any. Nothing where the template does not
   * prove that.
   * An engine that cannot tell leaves it out: then a page is sent when it is whole.
   */
  split?(template: string, key: string, context: Context): Promise<SplitPage | undefined>
  /**
   * The variables that a block reads, with everything that is declared for it; nothing when it may read any.
   * An engine that cannot tell leaves it out.
   */
  reads?(template: string, block: string): Promise<ReadonlySet<string> | undefined>
  /** The names of all blocks that `open` accepts for this template, inherited ones included. */
  blocks(template: string): Promise<readonly string[]>
  /** The text of a template, for the page that shows a developer its error. Nothing when there is none to show. */
  source?(template: string): string | undefined
}

/** What stands before and behind a text that is not there yet. */
export interface SplitPage {
  readonly before: string
  readonly after: string
  /** The page when the text is empty: a template may ask for that. */
  readonly empty: string
}

/** One block, opened once, drawn as often as its context changes. */
export interface BlockRenderer {
  /**
   * The block's text with the context it was opened with and `changes` on top. Nothing is kept between two calls.
   *
   * Out     a plain string when nothing in the block is asynchronous, otherwise a promise of it.
   */
  render(changes?: Context): string | Promise<string>
  /** Opening the same block again gives the same again, so it need not be kept while it is not drawn. */
  readonly bare?: boolean
  /**
   * How this block, in the version that is open here, may travel while the variable `key` and nothing else grows.
   * An engine that cannot tell leaves it out: then the whole block travels.
   */
  growth?(key: string): GrowthPlan
}
