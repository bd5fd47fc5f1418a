import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { createRuns, EventStream, Fragment, runRoutes, swapstream } from 'swapstream'
import { applyFrames, domText, openStream } from 'swapstream/testing'

/** The answer of ten fragments in the page, as a DOM. */
async function shown(block: string, htmx: 4 | 2, updates: 'diff' | 'full') {
  const app = new Hono()
  app.use(swapstream({ templates: { 'x.html': `{% block b %}${block}{% endblock %}` } }))
  app.get(
    '/x',
    () =>
      new EventStream(
        async function* () {
          for (let n = 1; n <= 10; n++)
            yield new Fragment('x.html', 'b', { n, text: 'a'.repeat(n) })
        },
        { frameMs: 0, updates },
      ),
  )
  const headers: Record<string, string> = { accept: 'text/event-stream' }
  if (htmx === 4) headers['hx-request-type'] = 'partial'
  const response = await app.request('/x', { headers })
  const text = await response.text()
  const frames = text
    .split('\n\n')
    .filter((each) => each.startsWith('data: '))
    .map((each) => each.replace(/^data: /gm, ''))
  return applyFrames('<body><div id="answer"></div></body>', frames, {
    target: '#answer',
    htmx,
    swap: 'beforeend',
  })
}

describe.each([
  [4, 'diff'],
  [4, 'full'],
  [2, 'diff'],
  [2, 'full'],
] as const)('with htmx %i and updates %s the page shows once', (htmx, updates) => {
  test.each([
    ['a comment before the root', '<!-- bar --><div style="width: {{ n }}%"></div>'],
    ['comments on both sides', '<!-- a --><p>{{ n }}</p><!-- b -->'],
    ['two comments', '<!-- a --><!-- b --><p>{{ n }}</p>'],
    ['an empty comment', '<!----><p>{{ n }}</p>'],
    ['a comment with tags', '<!-- </div><p> --><p>{{ text }}</p>'],
    ['a comment before a text', '<!-- a -->text {{ n }}'],
    ['a comment in lines', '\n  <!-- a\n -->\n  <p>{{ text }}</p>\n  <!-- b -->\n'],
    ['a comment before an svg', '<!-- a --><svg><rect width="{{ n }}"/></svg>'],
    [
      'a comment before a table',
      '<!-- a --><table><tbody><tr><td>{{ n }}</td></tr></tbody></table>',
    ],
    ['what a parser reads as a comment', '<?php x ?><p>{{ n }}</p><![CDATA[x]]>'],
    ['a comment inside', '<p><!-- a -->{{ text }}<!-- b --></p>'],
    ['a root that ends itself', '<div/>{{ text }}'],
    ['a root that ends itself, with an attribute', '<section class="a"/>{{ n }}'],
    ['a span that ends itself', '<p><span/>{{ text }}</p>'],
  ])('%s', async (_, block) => {
    const html = block.replaceAll('{{ n }}', '10').replaceAll('{{ text }}', 'a'.repeat(10))
    const page = await shown(block, htmx, updates)
    expect(domText(page).replace(/ hx-[a-z-]+=""/g, '')).toBe(
      domText(`<body><div id="answer">${html}</div></body>`),
    )
  })

  test('a comment before each of several roots, wherever it stands', async () => {
    const block =
      '<!-- a --><p>{{ n }}</p><!-- b -->{% for i in [1, 2] %}<i>{{ n }}</i>{% endfor %}'
    const page = domText(await shown(block, htmx, updates)).replace(/ hx-[a-z-]+=""/g, '')
    expect(page.match(/<!-- . -->/g)?.toSorted()).toEqual(['<!-- a -->', '<!-- b -->'])
    expect(page.replace(/\n *<!-- . -->/g, '')).toBe(
      domText('<body><div id="answer"><p>10</p><i>10</i><i>10</i></div></body>'),
    )
  })
})

test('what a client names as its target comes back in no page unescaped', async () => {
  const app = new Hono()
  app.use(swapstream({ templates: {} }))
  app.route('/runs', runRoutes(createRuns()))
  for (const target of ['div#a"><img src=x>', "div#a'><script>", 'a b<i>']) {
    const headers = { 'hx-source': 'div#x', 'hx-target': target }
    const events = await (await openStream(app, '/runs/none', { headers })).all()
    expect(JSON.stringify(events)).not.toMatch(/<img|<script|<i>/)
  }
})
