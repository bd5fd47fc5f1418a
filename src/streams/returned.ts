import { ConfigError } from '../shared/errors.ts'
import { kindOf } from '../shared/kind-of.ts'

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
