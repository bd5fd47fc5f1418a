import fc from 'fast-check'
import nunjucks from 'nunjucks'
import { expect, test } from 'vitest'
import { createNunjucksEngine } from '../../src/render/nunjucks/nunjucks-engine.ts'
import { fromRecord } from '../../src/render/template-source.ts'
import { family, type Family, textsOf } from './template-family.ts'

const RUNS = Number(process.env['RUNS'] ?? 2500)
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

/** nunjucks itself, as it is installed, over the same templates. */
function page({ templates, context }: Family): string | undefined {
  const loader = {
    getSource: (name: string) => {
      const plain = name.replace('./', '')
      return { src: templates[plain]!, path: plain, noCache: true }
    },
  }
  const env = new nunjucks.Environment(loader as never, { autoescape: true })
  env.addGlobal('glob', 'G')
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

async function differences(each: Family): Promise<{ compared: number; wrong: string[] }> {
  const whole = page(each)
  const wrong: string[] = []
  let compared = 0
  if (whole === undefined) return { compared, wrong }
  const engine = createNunjucksEngine(fromRecord(each.templates), { globals: { glob: 'G' } })
  const drawn = await engine.render('t0', each.context).catch((error) => `${error}`)
  if (drawn !== whole)
    wrong.push(`page: ${JSON.stringify(drawn)} instead of ${JSON.stringify(whole)}`)
  for (const block of ['p', 'q', 'r', 's']) {
    const texts = textsOf(block, whole)
    // A block that the page can draw in several places, each under a condition: alone it can only have one.
    if (texts.length !== 1 || placesOf(block, each) > 1) continue
    compared++
    const alone = await engine
      .open('t0', block, each.context)
      .then((renderer) => renderer.render())
      .catch((error) => `${error}`)
    if (alone !== texts[0])
      wrong.push(`${block}: ${JSON.stringify(alone)} instead of ${JSON.stringify(texts[0])}`)
  }
  return { compared, wrong }
}

test(
  `each block alone is what it is in its page (seed ${seed})`,
  { timeout: 600_000 },
  async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(family, async (each) => {
        const result = await differences(each)
        compared += result.compared
        if (result.wrong.length > 0) throw new Error(result.wrong.join('\n'))
      }),
      { numRuns: RUNS, seed },
    )
    process.stdout.write(
      `differential: seed ${seed}, ${RUNS} families, ${compared} blocks compared\n`,
    )
    expect(compared).toBeGreaterThan(2000)
  },
)
