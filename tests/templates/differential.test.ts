import fc from 'fast-check'
import nunjucks from 'nunjucks'
import { expect, test } from 'vitest'
import { TemplateError } from '../../src/shared/errors.ts'
import type { TemplateEngine } from '../../src/templates/engine.ts'
import { compileTemplate } from '../../src/templates/nunjucks/compiler.ts'
import { catalogOf } from '../../src/templates/nunjucks/engine.ts'
import type { BundledTemplate, CompiledTemplate } from '../../src/templates/nunjucks/internals.ts'
import { createNunjucksEngine } from './create-engine.ts'
import { fromRecord } from '../../src/templates/source.ts'
import { family, type Family, textsOf } from './template-family.ts'
import { runsOf } from '../support/runs.ts'

const RUNS = runsOf(120)
const { seed = 0 } = fc.readConfigureGlobal()

/** nunjucks itself, as it is installed, over the same templates. */
function page({ templates, context, autoescape }: Family): string | undefined {
  const loader = {
    getSource: (name: string) => {
      const plain = name.replace('./', '')
      return { src: templates[plain]!, path: plain, noCache: true }
    },
  }
  const env = new nunjucks.Environment(loader as never, { autoescape })
  env.addGlobal('glob', 'G')
  env.addFilter('later', later, true)
  try {
    return env.render('t0', context)
  } catch {
    return undefined
  }
}

/** In how many places the page may draw a block, by the names in its templates alone. */
function placesOf(block: string, { templates }: Family): number {
  const texts = Object.entries(templates).filter(([name]) => name.startsWith('t'))
  const holders = new Set<string>()
  for (const [, text] of texts) {
    for (const holder of enclosing(text, block)) holders.add(holder)
  }
  return holders.size
}

/** The blocks directly around a block in one template; `''` for the template's root. */
function enclosing(text: string, block: string): string[] {
  const open: string[] = []
  const found: string[] = []
  for (const [, name] of text.matchAll(/{% (?:block (\w)|endblock) %}/g)) {
    if (name === undefined) open.pop()
    else {
      if (name === block) found.push(open.at(-1) ?? '')
      open.push(name)
    }
  }
  return found
}

/** The same templates, compiled by nunjucks' own precompiler, without their sources. */
function precompiled({ templates }: Family): Record<string, CompiledTemplate> {
  const compiled: Record<string, CompiledTemplate> = {}
  const env = new nunjucks.Environment([] as never)
  env.addFilter('later', later, true)
  for (const [name, text] of Object.entries(templates)) {
    const wrapper = ([each]: { template: string }[]): string => each!.template
    const code = nunjucks.precompileString(text, { name, env, wrapper: wrapper as never })
    compiled[name] = new Function(code)() as CompiledTemplate
  }
  return compiled
}

/** The same templates as `swapstream bundle` writes them: code of a module, so it is strict. */
function bundled({ templates }: Family, engine: TemplateEngine): Record<string, BundledTemplate> {
  const { env } = catalogOf(engine)!
  const codes = Object.entries(templates).map(([name, text]) => {
    const { code } = compileTemplate(text, name, env)
    return [name, new Function(`'use strict'\nreturn ${code}`)()]
  })
  return Object.fromEntries(codes) as Record<string, BundledTemplate>
}

/** Waits in form only, so that a page can be drawn at once. */
const later = (value: unknown, done: (error: null, value: unknown) => void): void =>
  done(null, value)
let count = 0
let comparisons = 0
let families = 0

async function differences(each: Family): Promise<string[]> {
  const whole = page(each)
  const wrong: string[] = []
  if (whole === undefined) return wrong
  const { templates, context, autoescape } = each
  const options = { globals: { glob: 'G' }, asyncFilters: { later }, autoescape }
  const compare = async (
    what: string,
    wanted: string,
    draw: () => Promise<string>,
  ): Promise<void> => {
    comparisons++
    const got = await draw().catch((error) => `${error}`)
    if (got !== wanted)
      wrong.push(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`)
  }
  const engine = createNunjucksEngine(fromRecord(templates), options)
  // Compiling again is what costs here, so not every family is.
  const compiled = [() => precompiled(each), () => bundled(each, engine)][families++ % 4]?.()
  const dry =
    compiled && createNunjucksEngine(fromRecord({}), { ...options, precompiled: compiled })
  await compare('page', whole, () => engine.render('t0', context))
  for (const block of ['p', 'q', 'r', 's']) {
    const texts = textsOf(block, whole)
    // A block that the page can draw in several places, each under a condition: alone it can only have one.
    if (texts.length !== 1 || placesOf(block, each) > 1) continue
    count++
    const wanted = texts[0]!
    await compare(block, wanted, async () => (await engine.open('t0', block, context)).render())
    // Opened without some of the context, drawn with something else, then with what was left out. A page that fails
    // without it cannot be opened, either: that is told as an error of the template's.
    const { a, c, ...rest } = context
    await compare(`${block} with changes`, wanted, async () => {
      const renderer = await engine.open('t0', block, rest).catch((error) => {
        if (error instanceof TemplateError && page({ ...each, context: rest }) === undefined)
          return engine.open('t0', block, context)
        throw error
      })
      await Promise.resolve()
        .then(() => renderer.render({ a: 'other', b: 9, c: 'C', n: 1 }))
        .catch(() => {})
      return renderer.render({ c, a })
    })
    await compare(`${block} twice`, wanted, async () => {
      const renderer = await engine.open('t0', block, context)
      await renderer.render()
      return renderer.render({ unrelated: 1 })
    })
    if (dry)
      await compare(`${block} precompiled`, wanted, async () =>
        (await dry.open('t0', block, context)).render(),
      )
  }
  return wrong
}

test(
  `each block alone is what it is in its page (seed ${seed})`,
  { timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(family, async (each) => {
        const wrong = await differences(each)
        if (wrong.length > 0) throw new Error(wrong.join('\n'))
      }),
      { numRuns: RUNS },
    )
    process.stdout.write(
      `differential: seed ${seed}, ${RUNS} families, ${count} blocks, ${comparisons} comparisons\n`,
    )
    expect(count).toBeGreaterThan(RUNS / 2)
  },
)
