import { ConfigError } from '../shared/errors.ts'
import { kindOf } from '../shared/hooks.ts'
import type { Stream } from './stream.ts'

const byBody = new WeakMap<ReadableStream, Returned>()
const contents = new WeakMap<ReadableStream, () => Promise<string | null>>()

/**
 * A value that a handler returns in place of a Response.
 *
 * Any middleware that touches the response has Hono wrap what a handler returned into a new Response: class and
 * properties are lost on the way, the body stream is not. So the body leads back here.
 */
export abstract class Returned {
  readonly status: number
  readonly #headers: Headers

  constructor(status: number, headers: Headers) {
    this.status = status
    this.#headers = headers
  }

  /** A copy: the value may be returned for several requests. */
  get headers(): Headers {
    return new Headers(this.#headers)
  }

  /** Without our middleware, reading it fails with what is missing. */
  get body(): ReadableStream<Uint8Array> {
    const message = `A handler returned ${kindOf(this)}, but nothing turns it into an answer.`
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      const content = contents.get(body)
      if (!content) {
        const hint = "Add app.use(swapstream({ templates: 'templates' })) before the route."
        throw new ConfigError('config/middleware-missing', message, { hint })
      }
      const text = await content()
      if (text) controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    }
    const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
    // A copy of a response reads the copy alone: the body itself still leads here.
    body.tee = () => [body, new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })]
    byBody.set(body, this)
    return body
  }
}

/**
 * Says what other middleware reads that copies a response: etag, a cache, a log. Null for a stream, which would have to
 * end first.
 */
export function readAs(
  { body }: Pick<Response, 'body'>,
  content: (value: Returned) => Promise<string | null>,
): void {
  const value = body === null ? undefined : byBody.get(body)
  if (value) contents.set(body!, () => content(value))
}

/** Takes the value that a handler returned out of the response around it. */
export function takeReturned({ body }: Pick<Response, 'body'>): Returned | undefined {
  if (body === null) return undefined
  const value = byBody.get(body)
  byBody.delete(body)
  return value
}

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
