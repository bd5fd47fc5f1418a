import { constants, createBrotliCompress } from 'node:zlib'

/** From this quality on the window is shared by all frames; below it each frame is as large as the first. */
const QUALITY = 4

/**
 * Compresses an event stream as one, frame by frame: what a frame repeats of the frames before costs nearly nothing. Each
 * frame leaves at once.
 *
 * Cost    40 to 100 µs a frame and a few hundred KiB a stream: it pays for blocks that are sent whole again and again.
 */
export function brotli(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const zip = createBrotliCompress({
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    },
  })
  let compressed: Uint8Array[] = []
  zip.on('data', (bytes: Uint8Array) => compressed.push(bytes))
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          await new Promise<void>((resolve, reject) => {
            zip.once('error', reject)
            if (done) zip.once('end', resolve).end()
            else zip.write(value, () => zip.flush(constants.BROTLI_OPERATION_FLUSH, resolve))
          })
          zip.removeAllListeners('error')
          for (const bytes of compressed) controller.enqueue(bytes)
          compressed = []
          if (done) controller.close()
        } catch (error) {
          // Of the two, the one that did not fail must not go on for nothing.
          zip.destroy()
          await reader.cancel(error).catch(() => {})
          throw error
        }
      },
      async cancel(reason) {
        zip.destroy()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
