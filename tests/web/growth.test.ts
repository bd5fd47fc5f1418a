import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Hono } from 'hono'
import { EventStream, nunjucksEngine, streamToFragments, swapstream } from 'swapstream'
import { recordingLog } from '../support/recording-log.ts'
import type { Delivery } from '../../src/streams/event-stream.ts'
import { applyFrames } from '../../src/htmx/apply-frames.ts'
import { Position, View } from '../../src/runs/view.ts'
import { FragmentsOutbox } from '../../src/web/fragments-outbox.ts'
import { Renders } from '../../src/web/renders.ts'
import { SharedRenders } from '../../src/web/shared-renders.ts'

/** Blocks whose text may travel alone, and some whose text may not. */
const BLOCKS = {
  root: '<p>{{ text }}</p>',
  nested:
    '<article class="a"><h2>{{ title }}</h2><div class="b"><p>Said: {{ text }}</p></div></article>',
  'own ids': '<article id="own"><p id="words">{{ text }}</p><footer>{{ title }}</footer></article>',
  'no root': '<h2>{{ title }}</h2>\n<p>{{ text }}</p>',
  look_alikes: '<div><p></p><p>{{ text }}</p><p></p></div>',
  conditional: '<p>{% if title %}{{ text }}{% endif %}</p>',
  busy: '<p aria-busy="{{ streaming }}">{{ text }}</p>',
  'something behind': '<p>{{ text }}<i>.</i></p>',
  twice: '<p title="{{ text }}">{{ text }}</p>',
  filtered: '<p>{{ text | upper }}</p>',
  'text only': '{{ text }}',
  markdown:
    '<article aria-busy="{{ streaming }}"><h2>{{ title }}</h2><div>{{ text | markdown }}</div></article>',
  'markdown look_alikes':
    '<div><div></div><div>{{ title }}</div><div>{{ text | markdown }}</div><div></div></div>',
  'markdown alone': '<div>{{ text | markdown }}</div>',
} as const

const engine = nunjucksEngine({
  templates: Object.fromEntries(
    Object.entries(BLOCKS).map(([name, block]) => [name, `{% block b %}${block}{% endblock %}`]),
  ),
})
const tokens = fc.array(
  fc.string({
    unit: fc.constantFrom(
      'a',
      ' ',
      '\n',
      '\r',
      '<',
      '&',
      '"',
      '\\',
      '\ud83d',
      '\ude00',
      '😀',
      '</p>',
      '{{',
    ),
    maxLength: 4,
  }),
  { maxLength: 12 },
)

const markdown = fc.array(
  fc.constantFrom(
    'word ',
    '**bo',
    'ld**',
    '\n',
    '\n\n',
    '- item',
    '1. one',
    '# Head',
    '> quote',
    '`code`',

    '```js\n',
    '```\n',
    '| a | b |\n|---|---|\n',
    '| 1 | 2 |\n',
    '[link](/x',
    ')',
    '[d]',
    '\n\n[d]: /there\n',

    '<b>',
    '&',
    '\r',
    '\r\n',
    '😀',
    '\ud83d',
    '\ude00',
    '    ',
    '---\n',
    '![i](https://x.example/i.png)',
  ),
  { maxLength: 16 },
)

const overTheWire = (text: string): string =>
  new TextDecoder().decode(new TextEncoder().encode(text))

/** The data of the unnamed events in a piece of a body. */
function decode(body: unknown): string[] {
  const frames: string[] = []
  createParser({ onEvent: ({ event, data }) => event === undefined && frames.push(data) }).feed(
    overTheWire(body as string),
  )
  return frames
}

/**
 * The data of every unnamed event, frame by frame.
 *
 * @param skips Which states a slow reader never sees: a newer one came first.
 */
async function sent(
  name: string,
  parts: readonly string[],
  delivery: Delivery,
  skips: readonly boolean[] = [],
  morphs: boolean = false,
): Promise<{ text: string; frames: string[] }[]> {
  const renders = new Renders(engine)
  const outbox = new FragmentsOutbox({ renders: () => renders, delivery, morphs })
  const steps: { text: string; frames: string[] }[] = []
  let taken = 0
  for await (const fragment of streamToFragments(parts, name, 'b', {
    extraContext: { title: 'T' },
  })) {
    outbox.take(fragment)
    if (!fragment.final && skips[taken++]) continue
    steps.push({
      text: fragment.context['text'] as string,
      frames: decode(await outbox.next()),
    })
  }
  expect(outbox.empty).toBe(true)
  steps.push({
    text: steps.at(-1)!.text,
    frames: decode(await outbox.terminal({ reason: 'stop' })),
  })
  return steps
}

const PAGE = '<body><div id="answer"></div></body>'
const destination = { target: '#answer' }
/** What we lend is not part of the answer, and UTF-8 and event streams know no lone halves and no CR. */
const plain = (html: string): string =>
  html
    .replace(/<wbr id="s\d\w+" swap-end(?:="")?>/g, '')
    .replace(/ (?:id="s\d\w+"|s\d\w{3,}(?:="")?)/g, '')
    .replace(/<\/?swap-frame>/g, '')
    .replace(/\r\n?/g, '\n')

/** What was sent looks like the block drawn at once. */
async function expectShown(
  name: string,
  frames: readonly string[],
  text: string,
  streaming: boolean,
): Promise<void> {
  const context = { title: 'T', text, streaming, failed: false }
  const block = overTheWire(plain(await (await engine.open(name, 'b', context)).render()))
  // A main swap of blanks alone does nothing, in htmx and here.
  if (block.trim() === '') return
  const whole = applyFrames(PAGE, [block], destination)
  expect(plain(applyFrames(PAGE, [...frames], destination))).toBe(plain(whole))
}

describe('a growing block', () => {
  for (const name of Object.keys(BLOCKS)) {
    test(`of the shape "${name}" is the same for all who look at one run, each at his own pace`, async () => {
      const each = fc.record({ morphs: fc.boolean(), asks: fc.array(fc.boolean()) })
      await fc.assert(
        fc.asyncProperty(
          name.startsWith('markdown') ? markdown : tokens,
          fc.array(each, { minLength: 1, maxLength: 4 }),
          async (parts, readers) => {
            const view = new View()
            const crowd = { viewers: readers.length }
            const viewers = readers.map(({ morphs, asks }) => ({
              asks,
              position: new Position(view, 0),
              frames: [] as string[],
              outbox: new FragmentsOutbox({
                renders: () => SharedRenders.of(crowd, engine),
                delivery: 'auto',
                morphs,
              }),
            }))
            let at = 0
            const options = { extraContext: { title: 'T' } }
            for await (const fragment of streamToFragments(parts, name, 'b', options)) {
              view.take(fragment)
              const text = fragment.context['text'] as string
              for (const { asks, position, outbox, frames } of viewers) {
                if (!fragment.final && asks[at % (asks.length || 1)]) continue
                for (let next = position.take(); next; next = position.take())
                  outbox.take(next.value)
                if (!outbox.empty) frames.push(...decode(await outbox.next()))
                if (fragment.final)
                  frames.push(...decode(await outbox.terminal({ reason: 'stop' })))
                if (!fragment.final && /[\uD800-\uDBFF\r]$/.test(text)) continue
                await expectShown(name, frames, text, !fragment.final)
              }
              at += 1
            }
          },
        ),
        { numRuns: 30 },
      )
    })
    test(`of the shape "${name}" shows the whole text so far after each frame, in both deliveries, whichever states are skipped`, async () => {
      await fc.assert(
        fc.asyncProperty(
          name.startsWith('markdown') ? markdown : tokens,
          fc.array(fc.boolean()),
          fc.boolean(),
          async (parts, skips, morphs) => {
            for (const delivery of ['auto', 'full'] as const) {
              const frames: string[] = []
              const steps = await sent(name, parts, delivery, skips, morphs)
              for (const [n, step] of steps.entries()) {
                frames.push(...step.frames)
                const streaming = n < steps.length - 2
                // Half a character or half a line break waits for its other half.
                if (streaming && /[\uD800-\uDBFF\r]$/.test(step.text)) continue
                await expectShown(name, frames, step.text, streaming)
              }
            }
          },
        ),
        { numRuns: 60 },
      )
    })
  }

  test.each([
    ['root', 'beforeend:#s'],
    ['nested', 'beforeend:#s'],
    ['own ids', 'beforeend:#words'],
    ['no root', 'beforeend:#s'],
    ['busy', 'beforeend:#s'],
  ])('of the shape "%s" sends only what is new', async (name, address) => {
    const [, second] = await sent(name, ['Hel', 'lo'], 'auto')
    expect(second!.frames).toHaveLength(1)
    expect(second!.frames[0]).toContain(`<p hx-swap-oob=${address}`)
    expect(second!.frames[0]).toMatch(/>lo$/)
  })

  test.each(['something behind', 'twice', 'filtered', 'text only'])(
    'of the shape "%s" is sent whole: adding text would not be the same',
    async (name) => {
      const [, second] = await sent(name, ['Hel', 'lo'], 'auto')
      expect(second!.frames[0]!.toLowerCase()).toContain('hello')
    },
  )

  test('of Markdown sends what is finished once, and draws only its open end anew', async () => {
    const parts = ['# Hi\n\nOne', ' two\n', '\nThree **bo', 'ld**\n']
    const steps = await sent('markdown', parts, 'auto')
    const bare = steps.map(({ frames }) => frames.join('').replace(/s\d\w{3}t1(?=[">])/g, 'T'))
    expect(bare[0]).toContain(
      '<div><swap-frame id="T"><h1>Hi</h1>\n<p>One</p>\n</swap-frame></div>',
    )
    expect(bare.slice(1, 4)).toEqual([
      '<div hx-swap-oob=beforebegin:#T><h1>Hi</h1>\n</div><div hx-swap-oob=innerMorph:#T><p>One two</p>\n</div>',
      '<div hx-swap-oob=innerMorph:#T><p>One two</p>\n<p>Three <strong>bo</strong></p>\n</div>',
      '<div hx-swap-oob=beforebegin:#T><p>One two</p>\n</div><div hx-swap-oob=innerMorph:#T><p>Three <strong>bold</strong></p>\n</div>',
    ])
  })

  test('is sent whole each time when that is asked for', async () => {
    const [, second] = await sent('root', ['Hel', 'lo'], 'full')
    expect(second!.frames[0]).toMatch(/innerMorph:#s\w+">Hello<\/div>$/)
  })

  test('costs as many bytes as the answer has, times a constant', async () => {
    const bytes = async (count: number, delivery: Delivery): Promise<number> => {
      const steps = await sent(
        'nested',
        Array.from({ length: count }, () => 'word '),
        delivery,
      )
      return steps.flatMap(({ frames }) => frames).join('').length
    }
    const [auto, autoTwice] = [await bytes(500, 'auto'), await bytes(1_000, 'auto')]
    const [full, fullTwice] = [await bytes(500, 'full'), await bytes(1_000, 'full')]
    expect(autoTwice / auto).toBeLessThan(2.05)
    expect(fullTwice / full).toBeGreaterThan(3.5)
  })
})

test('a block that has to be sent whole is told to the log, once, with the reason and its line', async () => {
  const log = recordingLog()
  const app = new Hono()
  app.use(
    swapstream({
      templates: { 't.html': '{% block b %}\n<p>{{ text }}</p>{{ text }}{% endblock %}' },
      log,
    }),
  )
  app.get('/', () => new EventStream(() => streamToFragments(['a', 'b'], 't.html', 'b')))
  const headers = { accept: 'text/event-stream' }
  for (let n = 0; n < 2; n++) await (await app.request('/', { headers })).text()
  const told = log.lines.filter(
    ({ message }) => message === 'a growing block is sent whole each time',
  )
  expect(told).toHaveLength(1)
  expect(told[0]!.fields).toMatchObject({ template: 't.html', block: 'b', line: 2 })
  expect(told[0]!.fields['reason']).toMatch(/text/)
})
