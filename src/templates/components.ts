import { didYouMean, TemplateError } from '../shared/errors.ts'
import type { Context, TemplateEngine } from './engine.ts'

/** Renders one block, or the page when it stands under the name `page`. */
export type Component = (context: Context) => string | { toString(): string } | Promise<string>

/**
 * An engine made of plain functions, for those who write their HTML in code: hono/jsx, template literals, anything
 * that turns a context into text. Escaping is the functions' own business.
 *
 * In      template → block → function. `page` renders the whole template.
 * Throws  TemplateError `template/missing`, `block/unknown`, each with what there is.
 *
 * @example
 * const engine = fromComponents({
 *   chat: { page: () => layout(), response: ({ text }) => html`<p>${text}</p>` },
 * })
 */
export function fromComponents(
  templates: Readonly<Record<string, Readonly<Record<string, Component>>>>,
): TemplateEngine {
  const template = (name: string): Readonly<Record<string, Component>> => {
    if (Object.hasOwn(templates, name)) return templates[name]!
    const message = `template "${name}" not found ${didYouMean(name, Object.keys(templates))}`
    throw new TemplateError('template/missing', message, { template: name })
  }
  const component = (name: string, block: string): Component => {
    const blocks = template(name)
    if (Object.hasOwn(blocks, block)) return blocks[block]!
    const known = didYouMean(block, Object.keys(blocks))
    const message = `block "${block}" not found in template "${name}" ${known}`
    throw new TemplateError('block/unknown', message, { template: name, block })
  }
  return {
    render: async (name, context = {}) => String(await component(name, 'page')(context)),
    async open(name, block, context = {}) {
      const toHtml = component(name, block)
      return {
        render(changes) {
          const html = toHtml({ ...context, ...changes })
          return html instanceof Promise ? html.then(String) : String(html)
        },
      }
    },
    blocks: async (name) => Object.keys(template(name)),
  }
}
