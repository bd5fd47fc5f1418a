import type { Stream } from './stream.ts'

const streams = new WeakMap<ReadableStream, Stream<unknown>>()

/** A stream as a web stream, which any runtime can send. Nothing is made before it is read. */
export function toBody(stream: Stream<unknown>): ReadableStream<Uint8Array> {
  let frames: AsyncIterator<Uint8Array, void> | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        frames ??= stream.frames()
        const { done, value } = await frames.next()
        if (value) controller.enqueue(value)
        if (done || stream.hasEnded) controller.close()
      },
      cancel: () => stream.leave(),
    },
    { highWaterMark: 0 },
  )
  streams.set(body, stream)
  return body
}

/** The stream behind a body, for a server that can send frames by itself. */
export function streamBehind(body: ReadableStream): Stream<unknown> | undefined {
  return streams.get(body)
}
