import type { TemplateSource } from '../source.ts'
import { compileTemplate } from './compiler.ts'
import { engineWith, type NunjucksEngine, type NunjucksOptions } from './engine.ts'

/**
 * The engine over any source of templates; needs nothing of Node.
 *
 * In      templates from `source` only: no call takes template text.
 * Out     blocks as their page would render them, without rendering the page.
 * Cost    a template is compiled when first asked for; opening a block of it takes microseconds.
 * Ends    with `watch`, `close()` ends the watcher.
 *
 * @example
 * const engine = createNunjucksEngine(fromRecord({ 'chat.html': '{% block answer %}<p>{{ text }}</p>{% endblock %}' }))
 * const answer = await engine.open('chat.html', 'answer')
 * answer.render({ text: 'a < b' }) // → '<p>a &lt; b</p>'
 */
export function createNunjucksEngine(
  source: TemplateSource,
  options: NunjucksOptions = {},
): NunjucksEngine {
  return engineWith(compileTemplate, source, options)
}
