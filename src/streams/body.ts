import type { Stream } from './stream.ts'

const streams = new WeakMap<ReadableStream, Stream<unknown>>()

/** The frames of a stream, each made in its request: a socket has forgotten that, and templates may ask for it. */
export function framesOf(stream: Stream<unknown>): AsyncIterableIterator<Uint8Array, void> {
  const frames = stream.frames()
  const { asyncContext } = stream
  return {
    next: () => asyncContext.run(() => frames.next()),
    return: () => asyncContext.run(() => frames.return()),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** A stream as a web stream, which any runtime can send. Nothing is made before it is read. */
export function toBody(stream: Stream<unknown>): ReadableStream<Uint8Array> {
  let frames: AsyncIterator<Uint8Array, void> | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        frames ??= framesOf(stream)
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
