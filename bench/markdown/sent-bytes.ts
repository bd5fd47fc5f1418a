import { readFileSync } from 'node:fs'
import { constants, createBrotliCompress } from 'node:zlib'
import { Hono } from 'hono'
import { EventStream, nunjucksEngine, streamToFragments, swapstream } from '../../src/index.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
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

/** The bytes of an answer. */
export interface SentBytes {
  /** The block with the whole text, rendered once. */
  readonly html: number
  readonly frames: number
  /** The HTML of the frames before the last one, without their addresses. */
  readonly content: number
  /** All of these frames, as they leave. */
  readonly growing: number
  /** The last frame, and the end of the stream. */
  readonly last: number
  /** All of it, compressed as a stream. */
  compressed(): Promise<number>
}

/**
 * Sends an answer in steps of equal length, several of them in each frame: what a clock would do, without one.
 *
 * @param morphs For htmx 4, or for a client that cannot morph.
 */
export async function sentBytes(
  text: string,
  steps: number,
  stepsAFrame: number,
  morphs: boolean,
): Promise<SentBytes> {
  const engine = nunjucksEngine({
    templates: {
      't.html': '{% block b %}<article><div>{{ text | markdown }}</div></article>{% endblock %}',
    },
  })
  const tokens = Array.from({ length: Math.ceil(steps / stepsAFrame) }, (_, n) => {
    const at = (frame: number): number => Math.ceil((text.length * frame * stepsAFrame) / steps)
    return text.slice(at(n), at(n + 1))
  })
  const app = new Hono()
  app.use(swapstream({ engine, frameMs: 0, log: SILENT }))
  app.get('/', () => new EventStream(() => streamToFragments(tokens, 't.html', 'b')))
  const headers = { accept: 'text/event-stream', ...(morphs && { 'hx-request-type': 'partial' }) }
  const response = await app.request('/', { headers })
  const frames: string[] = []
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) frames.push(chunk)
  const end = frames.findLastIndex((frame) => !frame.startsWith('event:'))
  const before = frames.slice(0, end)
  const whole = await (await engine.open('t.html', 'b', { text })).render()
  return {
    html: Buffer.byteLength(whole),
    frames: tokens.length,
    content: sizeOf(before.map(contentOf)),
    growing: sizeOf(before),
    last: sizeOf(frames.slice(end)),
    compressed: () => compressed(frames),
  }
}

function many(size: number, part: (n: number) => string): string {
  let text = ''
  for (let n = 0; text.length < size; n++) text += part(n)
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
  zip.on('data', (chunk: Uint8Array) => (bytes += chunk.length))
  for (const frame of frames) {
    zip.write(frame)
    await new Promise<void>((done) => zip.flush(constants.BROTLI_OPERATION_FLUSH, done))
  }
  await new Promise<void>((done) => zip.on('end', done).end())
  return bytes
}
