import { brotliDecompressSync, constants } from 'node:zlib'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { EventStream, streamToFragments, swapstream, type StreamEnd } from 'swapstream'
import { brotli } from '../../src/node/brotli.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'

const templates = { 'a.html': '{% block b %}<p>{{ text }}</p>{% endblock %}' }
const words = Array.from({ length: 200 }, (_, n) => `word${n} `)
afterEach(() => expectNothingLeft(timersRunning))

function setUp(compress = true) {
  const ends: StreamEnd[] = []
  const app = new Hono()
  app.use(swapstream({ templates, compress, frameMs: 0, updates: 'full' }))
  app.get(
    '/',
    () =>
      new EventStream(() => streamToFragments(words, 'a.html', 'b'), {
        onEnd: (end) => ends.push(end),
      }),
  )
  const get = (encoding: string) =>
    app.request('/', { headers: { accept: 'text/event-stream', 'accept-encoding': encoding } })
  return { get, ends }
}
const bytesOf = async (response: Response): Promise<Buffer> =>
  Buffer.from(await response.arrayBuffer())

describe('a compressed event stream', () => {
  test('is the same stream, and costs a fraction of the bytes when each frame repeats the one before', async () => {
    const { get } = setUp()
    const plain = await bytesOf(await get('gzip'))
    const response = await get('gzip, br')
    expect(response.headers.get('content-encoding')).toBe('br')
    expect(response.headers.get('vary')).toContain('Accept-Encoding')
    const packed = await bytesOf(response)
    const masked = (bytes: Buffer): string => bytes.toString().replace(/\bs\d\w{3}\b/g, 'S')
    expect(masked(brotliDecompressSync(packed))).toBe(masked(plain))
    expect(packed.length).toBeLessThan(plain.length / 20)
  })

  test('leaves frame by frame: what has arrived can be read at once', async () => {
    const { get } = setUp()
    const reader = (await get('br')).body!.getReader()
    const { value } = await reader.read()
    const partly = { finishFlush: constants.BROTLI_OPERATION_FLUSH }
    expect(brotliDecompressSync(value!, partly).toString()).toMatch(
      /^data: <template id="s\w+"><\/template><p>word0 <\/p>\n\n$/,
    )
    await reader.cancel()
  })

  test('stops its source when the reader leaves', async () => {
    const { get, ends } = setUp()
    const reader = (await get('br')).body!.getReader()
    await reader.read()
    await reader.cancel()
    expect(ends).toMatchObject([{ reason: 'disconnected' }])
  })

  test('is cut when the stream under it is', async () => {
    const packed = brotli(
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from('a')),
        pull: (controller) => controller.error(new Error('dropped')),
      }),
    ).getReader()
    await packed.read()
    await expect(packed.read()).rejects.toThrow('dropped')
  })

  test.each([
    ['to a client that does not read it', true, 'gzip'],
    ['to a client that refuses it', true, 'br;q=0, gzip'],
    ['when nobody asked for it', false, 'br'],
  ])('is not sent %s', async (_, compress, encoding) => {
    const { get } = setUp(compress)
    const response = await get(encoding)
    expect(response.headers.get('content-encoding')).toBeNull()
    expect(await response.text()).toMatch(
      /^data: <template id="s\w+"><\/template><p>word0 <\/p>\n\n/,
    )
  })
})
