import type { Texts } from '../shared/texts.ts'

/** The variables of a template. Keys are plain names; values are whatever its author expects. */
export type Context = Readonly<Record<string, unknown>>

/**
 * Renders templates and single blocks of them. All else knows templates only by these functions, so components or
 * another template language plug in by implementing three of them.
 */
export interface TemplateEngine {
  /** The whole template as text: a page. */
  render(template: string, context?: Context): Promise<string>
  /**
   * Resolves one block of a template once, for many renders.
   *
   * Throws  TemplateError `template/missing`, `block/unknown`, … before anything is rendered.
   */
  open(template: string, block: string, context?: Context): Promise<BlockRenderer>
  /** The names of all blocks that `open` accepts for this template, inherited ones included. */
  blocks(template: string): Promise<readonly string[]>
  /** The text of a template, for the page that shows a developer its error. Undefined when there is none to show. */
  source?(template: string): string | undefined
  /** The same engine, whose templates see these texts as `swapstreamTexts`. Equal texts give one engine. */
  withTexts?(texts: Texts): TemplateEngine
}

/** One block, opened once, rendered as often as its context changes. */
export interface BlockRenderer {
  /**
   * Renders the block with the context of `open` and `changes` on top. Each call begins anew.
   *
   * Out     a plain string when nothing in the block is asynchronous, otherwise a promise of it.
   */
  render(changes?: Context): string | Promise<string>
  /**
   * The names that the block and the way to it looked up in the last render. Undefined when it may look at any; an
   * engine that cannot tell leaves it out.
   */
  readonly dependencies?: ReadonlySet<string> | undefined
}

/**
 * An engine whose templates all see some more variables; those of a call win.
 *
 * @example withContext(engine, { user: 'Ada' }).render('chat.html')
 */
export function withContext(engine: TemplateEngine, shared: Context): TemplateEngine {
  const all = (context?: Context): Context => ({ ...shared, ...context })
  return {
    render: (template, context) => engine.render(template, all(context)),
    open: (template, block, context) => engine.open(template, block, all(context)),
    blocks: (template) => engine.blocks(template),
  }
}
