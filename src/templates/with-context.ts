import type { Context, TemplateEngine } from './engine.ts'

/**
 * An engine whose templates all see some more variables; what they are given themselves wins.
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
