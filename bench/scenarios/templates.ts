import { open } from '../load/client.ts'
import { start, type Server } from '../load/server.ts'
import { Results, type Figures } from '../report/results.ts'
import type { Rival } from '../rivals.ts'
import { LISTED } from '../task/template.ts'
import { token } from '../task/tokens.ts'
import type { Scenario } from './scenario.ts'

const SHORT = 100
const LONG = 400
export const CASE = 'block'
/** What stands in its own column when a block's bytes cannot grow as the answer does. */
const SQUARE = 'no'

export const templates: Scenario = {
  name: 'templates',
  title: 'Bytes of the blocks that people write',
  what: `An answer of ${LONG} tokens beside one of ${SHORT}, a frame a token, for htmx 4, from a generator written by hand: 4 is linear, 16 the square. A block that is not marked linear shows its whole text in one attribute, or changes in two places of one text.`,
  base: 'swapstream',
  figures: {
    isLinear: {
      title: 'linear',
      notShown: 'marked by hand, in the list of the tests.',
    },
    ours: {
      title: `swapstream, ${LONG} ÷ ${SHORT}`,
      notShown: 'the body with the framing of its chunks; headers and compression are left out.',
    },
    theirs: { title: `stream-sse, ${LONG} ÷ ${SHORT}`, notShown: 'the same.' },
    aToken: {
      title: 'swapstream, bytes a token',
      notShown: 'default frames, which bring two or three tokens each at 50 tokens a second.',
    },
    ofTheirs: {
      title: 'share of the bytes of stream-sse',
      notShown: `answers of other lengths: ${LONG} tokens.`,
    },
  },
  async run({ wants }) {
    const results = new Results()
    const servers = await Promise.all(
      (['stream-sse', 'swapstream-token'] as const satisfies Rival[]).filter(wants).map(start),
    )
    for (const { name, linear } of LISTED) {
      const bytes: Partial<Record<Rival, Record<number, number>>> = {}
      for (const server of servers) {
        bytes[server.rival] = {
          [SHORT]: await bytesOf(server, name, SHORT),
          [LONG]: await bytesOf(server, name, LONG),
        }
      }
      results.add(CASE, name, figuresOf(linear, bytes['swapstream-token'], bytes['stream-sse']))
    }
    await Promise.all(servers.map((server) => server.stop()))
    return results
  },
}

type Sizes = Readonly<Record<number, number>> | undefined

function figuresOf(linear: boolean, ours: Sizes, theirs: Sizes): Figures {
  return {
    isLinear: linear ? 'yes' : SQUARE,
    ...(ours && { ours: ours[LONG]! / ours[SHORT]!, aToken: ours[LONG]! / LONG }),
    ...(theirs && { theirs: theirs[LONG]! / theirs[SHORT]! }),
    ...(ours && theirs && { ofTheirs: ours[LONG]! / theirs[LONG]! }),
  }
}

/** The largest ratio of the blocks marked linear. */
export function worstLinear(results: Results): number | undefined {
  const ratios = results.rivals
    .filter((name) => results.median(CASE, name, 'isLinear') !== SQUARE)
    .map((name) => results.median(CASE, name, 'ours'))
    .filter((ratio) => typeof ratio === 'number')
  return ratios.length > 0 ? Math.max(...ratios) : undefined
}

/** The bytes of one answer. Throws when its last token is nowhere in it. */
async function bytesOf({ port, rival }: Server, template: string, n: number): Promise<number> {
  const pieces: Buffer[] = []
  const onBytes = (bytes: Buffer): void => void pieces.push(Buffer.from(bytes))
  const { ended, bytes } = await open(port, { n, template, source: 'macrotask' }, { onBytes }).done
  // Not behind everything else: the newest may stand in front.
  if (!ended || !Buffer.concat(pieces).includes(token(n - 1).slice(0, 3)))
    throw new Error(`${rival} did not show all of an answer in ${template}.`)
  return bytes
}
