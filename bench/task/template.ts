import { readFileSync } from 'node:fs'
import nunjucks from 'nunjucks'
import { markdown } from 'swapstream/markdown'

/** A block of the kind people write; `linear` when its bytes can grow as the answer does. */
export interface Listed {
  readonly name: string
  readonly block: string
  readonly linear: boolean
  readonly why?: string
}

/** Seen from `dist/task/`, where this runs. */
const read = (file: string): string =>
  readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')

/** The same blocks as in the tests. */
export const LISTED = JSON.parse(read('tests/support/block-templates.json')) as readonly Listed[]

/** The template of a chat, and one for each listed block: `answer.html`, `ellipsis.html`, …, each with a block `answer`. */
export const templates: Readonly<Record<string, string>> = {
  'answer.html': read('bench/task/templates/answer.html'),
  ...Object.fromEntries(
    LISTED.map(({ name, block }) => [`${name}.html`, `{% block answer %}${block}{% endblock %}`]),
  ),
}

const environment = new nunjucks.Environment({
  getSource: (name: string) => ({ src: templates[name]!, path: name, noCache: false }),
} as never)
const toHtml = markdown()
environment.addFilter(
  'markdown',
  (text: string) => new nunjucks.runtime.SafeString(toHtml.render(text)),
)

/** The whole block, as an app renders it that has nunjucks and nothing else. */
export function draw(context: Readonly<Record<string, unknown>>, template = 'answer'): string {
  return environment.render(`${template}.html`, context)
}

const EARLIER = [
  { role: 'user', text: 'Hi there' },
  { role: 'bot', text: 'Hello. '.repeat(30) },
  { role: 'user', text: 'And?' },
]

/** An answer while it is written: what its template needs of it, and nothing more. */
export class Answer {
  text = ''
  #rows: readonly string[] = []
  readonly #n: number
  readonly #uses: (name: string) => boolean

  constructor(template: string, n: number) {
    const source = templates[`${template}.html`]!
    this.#n = n
    const used = new Set(['rows', 'messages', 'obj', 'pct'].filter((name) => source.includes(name)))
    this.#uses = (name) => used.has(name)
  }

  add(token: string): void {
    this.text += token
    if (this.#uses('rows') || this.#uses('obj') || this.#uses('pct'))
      this.#rows = [...this.#rows, token.trim()]
  }

  context(streaming: boolean): Record<string, unknown> {
    const { text } = this
    const rows = this.#rows
    const context: Record<string, unknown> = { text, streaming }
    if (this.#uses('rows')) context['rows'] = rows
    if (this.#uses('obj')) context['obj'] = { answer: text, items: rows }
    if (this.#uses('pct')) context['pct'] = (100 * rows.length) / this.#n
    if (this.#uses('messages')) context['messages'] = [...EARLIER, { role: 'bot', text }]
    return context
  }
}
