import { ConfigError } from '../shared/errors.ts'
import { kindOf } from '../shared/hooks.ts'
import type { Stream } from './stream.ts'

const byBody = new WeakMap<ReadableStream, Returned>()
const handledBy = new WeakMap<ReadableStream, Handled>()

/** Where a value stands while other middleware handles the response around it. */
export interface Handled {
  readonly value: Returned
  /** True once something reads the body itself, and no copy of it: that is the answer then. */
  isRead(): boolean
  /** The content for what reads the body; null for nothing. */
  readonly content: (isCopy: boolean) => Promise<string | ReadableStream<Uint8Array> | null>
}

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
    const leadsHere = (isCopy: boolean): ReadableStream<Uint8Array> => {
      const stream = streamOf(async () => {
        const handled = handledBy.get(body)
        if (handled) return handled.content(isCopy)
        const hint = "Add app.use(swapstream({ templates: 'templates' })) before the route."
        throw new ConfigError('config/middleware-missing', message, { hint })
      })
      byBody.set(stream, this)
      return stream
    }
    const body = leadsHere(false)
    // A copy of a response reads the copy alone: the body itself still leads here.
    body.tee = () => [body, leadsHere(true)]
    return body
  }
}

/** A stream whose content is asked for when it is read. */
function streamOf(
  content: () => Promise<string | ReadableStream<Uint8Array> | null>,
): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        reader ??= new Response((await content()) ?? '').body!.getReader()
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/**
 * Says what other middleware reads that copies a response (etag, a cache, a log) or changes its body.
 *
 * @param content What a reader gets, by what the handler returned. Undefined for a response of the middleware's own.
 */
export function readAs(
  { body }: Pick<Response, 'body'>,
  content: (value: Returned, isCopy: boolean) => ReturnType<Handled['content']>,
): Handled | undefined {
  const value = body === null ? undefined : byBody.get(body)
  if (body === null || !value) return undefined
  let isRead = false
  const handled = handledBy.get(body) ?? {
    value,
    isRead: () => isRead || body.locked,
    content(isCopy: boolean) {
      isRead ||= !isCopy
      return content(value, isCopy)
    },
  }
  handledBy.set(body, handled)
  return handled
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
