import { readFileSync } from 'node:fs'
import { constants, createBrotliCompress } from 'node:zlib'
import { nunjucksEngine } from '../../src/node/nunjucks-engine.ts'
import { streamToFragments } from '../../src/fragments/stream-to-fragments.ts'
import { BlockRenders } from '../../src/web/block-renders.ts'
import { FragmentBuffer } from '../../src/web/fragment-buffer.ts'

const section = readFileSync(new URL('answer.md', import.meta.url), 'utf8')

/** Texts of 10 KB and of 8 KB: mixed, and of one block alone. */
export const SHAPES: Readonly<Record<string, string>> = {
  mixed: many(10_000, () => section),
  'one list': many(
    8_000,
    (n) => `- **Item ${n}** has \`code\`, a [link](/to/${n}) and *words* to read\n`,
  ),
  'one table': many(8_000, (n) =>
    n === 0
      ? '| name | what it does | figure |\n|---|:-:|--:|\n'
      : `| row ${n} | **bold** words | \`${n * 7}\` |\n`,
  ),
  'one paragraph': many(
    8_000,
    (n) =>
      `Sentence ${n} has **bold words**, a [link](https://example.org/${n}), \`code_${n}\` & more, *so* to say. `,
  ),
  'one fence': many(10_000, (n) =>
    n === 0 ? '```ts\n' : `const value${n} = call("<${n}>", ${n}) // and so on\n`,
  ),
}

/** What an answer is on the wire, in bytes. */
export interface OnTheWire {
  /** The block with the whole text, drawn once. */
  readonly html: number
  readonly frames: number
  /** What is in the events of the frames before the last one, without what says where it goes. */
  readonly content: number
  /** All of these frames, as they leave. */
  readonly growing: number
  /** The last frame and what goes with it. */
  readonly last: number
  /** All of it, compressed as a stream. */
  compressed(): Promise<number>
}

/**
 * An answer in steps of equal length, of which so many make a frame: what a clock would do, without one.
 *
 * @param morphs The dialect of htmx 4, or that of htmx 2.
 */
export async function onTheWire(
  text: string,
  steps: number,
  stepsAFrame: number,
  morphs: boolean,
): Promise<OnTheWire> {
  const engine = nunjucksEngine({
    templates: {
      't.html': '{% block b %}<article><div>{{ text | markdown }}</div></article>{% endblock %}',
    },
  })
  const renders = new BlockRenders(engine)
  const buffer = new FragmentBuffer({ renders: () => renders, updates: 'diff', morphs })
  const at = (step: number): number => Math.ceil((text.length * step) / steps)
  const tokens = Array.from({ length: steps }, (_, n) => text.slice(at(n), at(n + 1)))
  const frames: string[] = []
  let taken = 0
  for await (const fragment of streamToFragments(tokens, 't.html', 'b')) {
    buffer.push(fragment)
    if (++taken % stepsAFrame === 0 || fragment.final)
      frames.push(String(await buffer.flush(fails)))
  }
  frames.push((frames.pop() ?? '') + (await buffer.end({ reason: 'done' })))
  const before = frames.slice(0, -1)
  const whole = await (await engine.open('t.html', 'b', { text })).render()
  return {
    html: Buffer.byteLength(whole),
    frames: frames.length,
    content: sizeOf(before.map(contentOf)),
    growing: sizeOf(before),
    last: Buffer.byteLength(frames.at(-1)!),
    compressed: () => compressed(frames),
  }
}

function fails(error: unknown): never {
  throw error
}

function many(size: number, piece: (n: number) => string): string {
  let text = ''
  for (let n = 0; text.length < size; n++) text += piece(n)
  return text.slice(0, size)
}

function sizeOf(frames: readonly string[]): number {
  return frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0)
}

/** Without the words of event streams, and without those of htmx. */
function contentOf(frame: string): string {
  return frame
    .replace(/^data: /gm, '')
    .replace(/\n\n/g, '')
    .replace(/<[\w-]+ hx-swap-oob="[^"]*">/g, '')
}

async function compressed(frames: readonly string[]): Promise<number> {
  const zip = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
  let bytes = 0
  zip.on('data', (piece: Uint8Array) => (bytes += piece.length))
  for (const frame of frames) {
    zip.write(frame)
    await new Promise<void>((done) => zip.flush(constants.BROTLI_OPERATION_FLUSH, done))
  }
  await new Promise<void>((done) => zip.on('end', done).end())
  return bytes
}
