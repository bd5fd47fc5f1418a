import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeHtml } from '../../src/shared/escape-html.ts'
import type { TemplateEngine } from '../../src/templates/engine.ts'
import { createNunjucksEngine } from './create-engine.ts'
import { fromRecord } from '../../src/templates/source.ts'
import { splitPage } from '../../src/web/streamed-page.ts'
import { family } from './template-family.ts'
import { runsOf } from '../support/runs.ts'

const RUNS = runsOf(100)
/** What asks for the text, or prints it, and what becomes of it then. */
const MENTIONS = [
  '<p>{{ said }}</p>',
  '<b>{{ said | e }}',
  '{% if said %}<p>{{ said }}</p>{% else %}-{% endif %}',
  '{% if not said %}-{% endif %}',
  '{% if said | length > 9 %}X{% endif %}',
  '{{ said | length }}',
  '{% set c = said %}',
  '{% set said = "mine" %}',
  '{% macro m(x) %}{{ said }}{% endmacro %}',
]

/** One of them, and where it is put. */
const mention = (texts: readonly string[]) =>
  fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat())

test('a page that is split begins and ends as the page does, whatever the text, wherever a random family of templates prints it', async () => {
  let split = 0
  const later = async (value: unknown): Promise<unknown> => value
  await fc.assert(
    fc.asyncProperty(
      family,
      fc.tuple(mention(MENTIONS.slice(0, 3)), fc.option(mention(MENTIONS), { nil: undefined })),
      async ({ templates, context }, mentions) => {
        const texts = { ...templates }
        for (const [said, into, at] of mentions.filter((each) => each !== undefined)) {
          const names = Object.keys(texts)
          const name = names[into % names.length]!
          // Between two tags, or at one of the ends.
          const places = [...texts[name]!.matchAll(/^|(?<=%\})|$/g)].map(({ index }) => index)
          const place = places[at % places.length]!
          texts[name] = texts[name]!.slice(0, place) + said + texts[name]!.slice(place)
        }
        const options = { globals: { glob: 'G' }, asyncFilters: { later } }
        const engine = createNunjucksEngine(fromRecord(texts), options)
        const draw = async (said: string): Promise<string> =>
          engine.render('t0', { ...context, said })
        // A page that fails cannot be sent in any way.
        const halves = await splitPage(draw).catch(() => undefined)
        if (halves === undefined) return
        split += 1
        expect(await draw('')).toBe(halves.empty)
        // What stands behind the text may depend on it: it is rendered when the text is whole.
        for (const text of ['x', 'a <b>', '{{ glob }}', '0', 'more than nine'])
          expect(await draw(text)).toMatch(startingWith(halves.before + escapeHtml(text)))
      },
    ),
    { numRuns: RUNS },
  )
  process.stdout.write(`split: ${split} of ${RUNS} families\n`)
  expect(split).toBeGreaterThan(RUNS / 100)
}, 120_000)

const startingWith = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`)

test('a page of an engine that escapes nothing has no halves', async () => {
  const source = fromRecord({ 'p.html': '<p>{{ said }}</p>' })
  const draw =
    (engine: TemplateEngine) =>
    (said: string): Promise<string> =>
      engine.render('p.html', { said })
  expect(await splitPage(draw(createNunjucksEngine(source)))).toEqual({
    before: '<p>',
    after: '</p>',
    empty: '<p></p>',
  })
  const bare = createNunjucksEngine(source, { autoescape: false })
  expect(await splitPage(draw(bare))).toBe(undefined)
})
