import { nunjucksEngine } from 'swapstream'
import { fromComponents, type TemplateEngine } from 'swapstream/core'
import listed from './block-templates.json' with { type: 'json' }

/** A block of the kind people write. */
export interface BlockCase {
  readonly name: string
  /** The inside of its block; of components, nothing. */
  readonly block: string
  /** Its bytes grow as the answer does, one frame a token. */
  readonly linear: boolean
  /** For htmx 2, too. There attributes cannot travel alone. */
  readonly linearInHtmx2: boolean
  /** It is one of those that people write most. */
  readonly isListed?: boolean
  readonly engine: TemplateEngine
}

export const TEMPLATE = 'x.html'
export const BLOCK = 'b'

/** More of the same kind as the listed ones, one for each way in which people write what grows. */
const MORE: Readonly<Record<string, string>> = {
  'spaces everywhere':
    '\n\n  <article>\n    <h2>\n      {{ title }}\n    </h2>\n    <p>\n      {{ text }}\n    </p>\n  </article>\n\n',
  'caret and counter in one text': '<p>{{ text }} ({{ text.length }} characters)</p>',
  'status before, footer behind':
    '<section>\n  <p role="status">{{ "Writing" if streaming else "Ready" }}</p>\n  <div>{{ text }}</div>\n  <footer>{{ title }}</footer>\n</section>',
  details: '<details open><summary>{{ title }}</summary>{{ text }}</details>',
  'details with a counter':
    '<details>\n  <summary>Thought for {{ text.length }} characters</summary>\n  <p>{{ text }}</p>\n</details>',
  'nested lists':
    '<ul>{% for m in messages %}<li>{{ m.role }}<ul>{% for w in m.text.split(" ") %}<li>{{ w }}</li>{% endfor %}</ul></li>{% endfor %}</ul>',
  'definition list':
    '<dl>\n{% for r in rows %}  <dt>{{ loop.index }}</dt>\n  <dd>{{ r }}</dd>\n{% endfor %}</dl>',
  'table without tbody':
    '<table>{% for r in rows %}<tr><td>{{ loop.index }}</td><td>{{ r }}</td></tr>{% endfor %}</table>',
  'table with head, foot and caption':
    '<table>\n  <caption>{{ title }}</caption>\n  <thead><tr><th>n</th><th>word</th></tr></thead>\n  <tbody>\n{% for r in rows %}    <tr><td>{{ loop.index }}</td><td>{{ r }}</td></tr>\n{% endfor %}  </tbody>\n  <tfoot><tr><td colspan="2">{{ rows.length }} rows</td></tr></tfoot>\n</table>',
  'a cell that grows': '<table><tr><td>{{ title }}</td><td>{{ text }}</td></tr></table>',
  'code in pre': '<pre><code class="language-md">{{ text }}</code></pre>',
  'pre with a line break first': '<pre>\n{{ text }}\n</pre>',
  textarea: '<label>Draft <textarea name="draft" rows="9">{{ text }}</textarea></label>',
  'a select that grows':
    '<select name="word">{% for r in rows %}<option value="{{ loop.index }}">{{ r }}</option>{% endfor %}</select>',
  'two growing texts': '<div><p>{{ text }}</p><p>{{ text | upper }}</p></div>',
  'two growing texts without a root': '<p>{{ text }}</p>\n<aside>{{ text | lower }}</aside>',
  'messages with a heading':
    '<section aria-live="polite"><h2>{{ messages.length }} messages</h2>{% for m in messages %}<article class="{{ m.role }}"><header>{{ m.role }}</header><p>{{ m.text }}</p></article>{% endfor %}</section>',
  'newest first, with a heading':
    '<section><h2>{{ rows.length }} words</h2><ol reversed>\n{% for r in rows | reverse %}  <li>{{ r }}</li>\n{% endfor %}</ol></section>',
  'an svg chart':
    '<figure><svg viewBox="0 0 900 20" width="900" height="20"><title>{{ title }}</title>{% for r in rows %}<rect x="{{ loop.index0 * 2 }}" width="1" height="{{ r.length }}"/>{% endfor %}</svg><figcaption>{{ rows.length }} words</figcaption></figure>',
  'an svg as the root':
    '<svg viewBox="0 0 900 20">{% for r in rows %}<g><circle cx="{{ loop.index }}" cy="3" r="2"></circle><text>{{ r }}</text></g>{% endfor %}</svg>',
  'a math row':
    '<p>Sum: <math><mrow>{% for r in rows %}<mn>{{ loop.index }}</mn><mo>+</mo>{% endfor %}<mi>x</mi></mrow></math></p>',
  'a progress bar':
    '<div role="progressbar" aria-valuenow="{{ pct }}" style="width:{{ pct }}%"></div><progress max="100" value="{{ pct }}"></progress><p>{{ text }}</p>',
  'list items without end tags': '<ul>{% for r in rows %}<li>{{ r }}{% endfor %}</ul>',
  'paragraphs without end tags': '<div>{% for m in messages %}<p>{{ m.text }}{% endfor %}</div>',
  'cells without end tags':
    '<table>{% for r in rows %}<tr><td>{{ loop.index }}<td>{{ r }}{% endfor %}</table>',
  'several roots': '<h2>{{ title }}</h2>\n<p>{{ text }}</p>\n<hr>\n<p>{{ pct }} %</p>',
  'text without a root': '{{ text }}',
  'text with a mark behind it, without a root': '{{ text }}<b>{{ text.length }}</b>',
  'an include': '<article>{% include "part.html" %}<small>{{ title }}</small></article>',
  macros:
    '{% macro bubble(who, said) %}<li class="{{ who }}">\n  <b>{{ who }}</b>: {{ said }}\n</li>{% endmacro %}<ul>{% for m in messages %}{{ bubble(m.role, m.text) }}{% endfor %}</ul>',
  'a footer that appears at the end':
    '<article><p>{{ text }}</p>{% if not streaming %}<footer><button>Copy</button></footer>{% endif %}</article>',
  'a waiting sign that goes at the end':
    '<article aria-busy="{{ streaming }}"><p>{{ text }}</p>{% if streaming %}<i class="wait"></i>{% endif %}</article>',
  comments:
    '<!-- before --><article><!-- inside --><p>{{ text }}<!-- behind --></p></article><!-- after {{ title }} -->',
  'an image before the text': '<p><img src="data:," alt="">{{ text }}<br>{{ text.length }}</p>',
  'a link and emphasis around it': '<p><em><a href="/a?b=1&amp;c=2">{{ text }}</a></em>.</p>',
  'a form beside the answer':
    '<div>{{ text | markdown }}</div><form><input name="again" value="{{ title }}"><button{% if streaming %} disabled{% endif %}>Ask</button></form>',
  'custom elements': '<chat-bubble from="bot"><span slot="text">{{ text }}</span></chat-bubble>',
  'an element that goes out of band':
    '<article><p>{{ text }}</p><b id="count" hx-swap-oob="true">{{ text.length }}</b><footer>{{ title }}</footer></article>',
  'own ids':
    '<article id="answer-1"><p id="words">{{ text }}</p><p id="count">{{ text.length }}</p></article>',
}

const PARTS: Readonly<Record<string, string>> = {
  'part.html': '<h3>{{ title }}</h3>\n<p>{{ text }}</p>\n',
}

const escaped = (text: unknown): string =>
  String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const components = fromComponents({
  [TEMPLATE]: {
    [BLOCK]: ({ text, streaming }) =>
      `<article>\n  <p>${escaped(text)}${streaming === true ? '…' : ''}</p>\n  <small>${String(text).length}</small>\n</article>`,
  },
})

const engineOf = (block: string): TemplateEngine =>
  nunjucksEngine({
    templates: { [TEMPLATE]: `{% block ${BLOCK} %}${block}{% endblock %}`, ...PARTS },
  })

/** All of them: those of the list, more of the same kind, and one that is no template. */
export const BLOCK_CASES: readonly BlockCase[] = [
  ...listed.map(({ name, block, linear }) => ({
    name,
    block,
    linear,
    linearInHtmx2: linear && name !== 'attribute',
    isListed: true,
    engine: engineOf(block),
  })),
  ...Object.entries(MORE).map(([name, block]) => ({
    name,
    block,
    linear: true,
    linearInHtmx2: true,
    engine: engineOf(block),
  })),
  {
    name: 'components',
    block: '',
    linear: true,
    linearInHtmx2: true,
    engine: components,
  },
]

/** Whether the text is all that a block needs to grow. */
export function readsTextAlone({ block }: BlockCase): boolean {
  return !/\b(?:rows|pct|messages|obj)\b/.test(block)
}

const section = (n: number): string => `## Part ${n}: how *it* goes

The **first** thing to say in part ${n} is [here](https://example.org/${n}?a=1&b=2), and "quoted" words & \`code <${n}>\` follow it 🎉.

- one **bold** word of ${n}
- two words, _leaning_
  - and one below, 5 < 6

| name | what it is |
|---|---|
| row ${n} | a \`cell\` |
| 中文 | 你好，世界 ${n} |

\`\`\`js
const value${n} = call("<b>", ${n} && true)
\`\`\`

1. Then 日本語のテキスト comes.
2. It ends so, 👩‍👩‍👧 and all.

`

/** What a model says: Markdown of every kind, the same mixture everywhere, so that bytes can be compared. */
export const WORDS: readonly string[] = Array.from({ length: 14 }, (_, n) => section(n + 10))
  .join('')
  .split(' ')
  .map((word) => `${word} `)

/** What the block is drawn with, word by word. */
export function contextsOf(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, n) => {
    const words = WORDS.slice(0, n + 1)
    const text = words.join('')
    const rows = words.map((word) => word.trim())
    return {
      text,
      rows,
      title: 'A title',
      streaming: n + 1 < count,
      pct: (100 * (n + 1)) / count,
      messages: [
        { role: 'user', text: 'Hi there' },
        { role: 'bot', text: 'Hello. '.repeat(30) },
        { role: 'user', text: 'And?' },
        { role: 'bot', text },
      ],
      obj: { answer: text, items: rows },
    }
  })
}
