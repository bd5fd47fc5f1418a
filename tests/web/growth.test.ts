import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Hono } from 'hono'
import { EventStream, Fragment, nunjucksEngine, streamToFragments, swapstream } from 'swapstream'
import { recordingLog } from '../support/recording-log.ts'
import type { Delivery } from '../../src/streams/event-stream.ts'
import { Unmade } from '../../src/base/askable.ts'
import { applyFrames } from '../../src/htmx/apply-frames.ts'
import { Position, View } from '../../src/runs/view.ts'
import { FragmentsOutbox } from '../../src/web/fragments-outbox.ts'
import { Renders } from '../../src/web/renders.ts'
import { SharedRenders } from '../../src/web/shared-renders.ts'
import { cuts, markdownDocument, prefixes } from '../markdown/markdown-documents.ts'

/** A state that only grew, as a reader who reads ahead hands it on. */
class Grown extends Unmade<Fragment> {
  readonly delta: string
  readonly made: () => Fragment

  constructor(delta: string, make: () => Fragment) {
    super()
    this.delta = delta
    this.made = make
  }
}

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
  'something before that changes': '<p>{{ "… " if streaming }}{{ text }}</p>',
  'something behind': '<p>{{ text }}<i>.</i></p>',
  twice: '<p title="{{ text }}">{{ text }}</p>',
  filtered: '<p>{{ text | upper }}</p>',
  'text only': '{{ text }}',
  markdown:
    '<article aria-busy="{{ streaming }}"><h2>{{ title }}</h2><div>{{ text | markdown }}</div></article>',
  'markdown look_alikes':
    '<div><div></div><div>{{ title }}</div><div>{{ text | markdown }}</div><div></div></div>',
  'markdown alone': '<div>{{ text | markdown }}</div>',
  'markdown with an id': '<div id="own">{{ text | markdown }}</div>',
  'markdown behind words': '<section><div>{{ title }}: {{ text | markdown }}</div></section>',
  'markdown behind something that changes':
    '<section id="own"><div><p>{{ "…" if streaming }}</p>{{ text | markdown }}</div></section>',
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

const pieces = fc.array(
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
/** Texts that come piece by piece, of pieces that may mean something, or cut anywhere. */
const markdown = fc.oneof(
  pieces,
  fc.tuple(markdownDocument(false), cuts).map(([text, sizes]) =>
    prefixes(
      text,
      sizes.map((size) => 5 * size),
    ).map((prefix, n, all) => prefix.slice(all[n - 1]?.length ?? 0)),
  ),
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
 * @param ahead Which states say only how they have grown, as from a source that is read ahead.
 * @param cutOff Before which states the reader was cut off: another connection goes on in the same page.
 */
async function sent(
  name: string,
  parts: readonly string[],
  delivery: Delivery,
  skips: readonly boolean[] = [],
  morphs: boolean = false,
  cutOff: readonly boolean[] = [],
  ahead: readonly boolean[] = [],
): Promise<{ text: string; frames: string[] }[]> {
  const renders = new Renders(engine)
  let outbox = new FragmentsOutbox({ renders: () => renders, delivery, morphs })
  const steps: { text: string; frames: string[] }[] = []
  let taken = 0
  let known = false
  for await (const fragment of streamToFragments(parts, name, 'b', {
    extraContext: { title: 'T' },
  })) {
    if (steps.length > 0 && cutOff[taken]) {
      outbox = new FragmentsOutbox({ renders: () => renders, delivery, morphs, at: outbox.at })
      known = false
    }
    const grew = known && !fragment.final && ahead[taken]
    outbox.take(grew ? new Grown(fragment.grows!.delta, () => fragment) : fragment)
    known = true
    if (!fragment.final && skips[taken++]) continue
    steps.push({
      text: fragment.context['text'] as string,
      frames: decode(await outbox.next(never)),
    })
  }
  expect(outbox.empty).toBe(true)
  steps.push({
    text: steps.at(-1)!.text,
    frames: decode(await outbox.terminal({ reason: 'stop' })),
  })
  return steps
}

const never = (error: unknown): never => {
  throw error
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

/** The page with the block drawn at once; nothing when that shows nothing. */
async function drawnAtOnce(
  name: string,
  text: string,
  streaming: boolean,
): Promise<string | undefined> {
  const context = { title: 'T', text, streaming, failed: false }
  const block = overTheWire(plain(await (await engine.open(name, 'b', context)).render()))
  // A main swap of blanks alone does nothing, in htmx and here.
  return block.trim() === '' ? undefined : plain(applyFrames(PAGE, [block], destination))
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
              page: PAGE,
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
              for (const viewer of viewers) {
                const { asks, position, outbox } = viewer
                if (!fragment.final && asks[at % (asks.length || 1)]) continue
                for (let next = position.take(); next; next = position.take())
                  outbox.take(next.value)
                const frames = outbox.empty ? [] : decode(await outbox.next(never))
                if (fragment.final)
                  frames.push(...decode(await outbox.terminal({ reason: 'stop' })))
                viewer.page = applyFrames(viewer.page, frames, destination)
                if (!fragment.final && /[\uD800-\uDBFF\r]$/.test(text)) continue
                const whole = await drawnAtOnce(name, text, !fragment.final)
                expect(plain(viewer.page)).toBe(whole ?? plain(viewer.page))
              }
              at += 1
            }
          },
        ),
        { numRuns: 30 },
      )
    })
    test(`of the shape "${name}" shows the whole text so far after each frame, in both deliveries, whichever states are skipped and wherever its reader is cut off`, async () => {
      await fc.assert(
        fc.asyncProperty(
          name.startsWith('markdown') ? markdown : tokens,
          fc.array(fc.boolean()),
          fc.array(fc.boolean()),
          fc.array(fc.boolean()),
          fc.boolean(),
          async (parts, skips, cutOff, ahead, morphs) => {
            for (const delivery of ['auto', 'full'] as const) {
              let page = PAGE
              const steps = await sent(name, parts, delivery, skips, morphs, cutOff, ahead)
              for (const [n, step] of steps.entries()) {
                page = applyFrames(page, step.frames, destination)
                const streaming = n < steps.length - 2
                // Half a character or half a line break waits for its other half.
                if (streaming && /[\uD800-\uDBFF\r]$/.test(step.text)) continue
                const whole = await drawnAtOnce(name, step.text, streaming)
                expect(plain(page)).toBe(whole ?? plain(page))
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

  test('is drawn again for what has changed beside its text, also when a part came since that has only grown', async () => {
    const renders = new Renders(engine)
    const outbox = new FragmentsOutbox({ renders: () => renders, delivery: 'auto', morphs: true })
    const state = (text: string, title: string, delta: string) =>
      new Fragment('nested', 'b', { text, title }, { grows: { key: 'text', delta } })
    outbox.take(state('a', 'T', 'a'))
    decode(await outbox.next(never))
    outbox.take(state('a', 'New', ''))
    outbox.take(new Grown('b', () => state('ab', 'New', 'b')))
    const whole = decode(await outbox.next(never)).join()
    expect(whole).toContain('<h2>New</h2>')
    expect(whole).toContain('Said: ab<')
    outbox.take(new Grown('c', () => never(new Error('nobody needs this one'))))
    expect(decode(await outbox.next(never)).join()).toMatch(/>c$/)
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
