import { ConfigError } from '../shared/errors.ts'
import { kindOf } from '../shared/kind-of.ts'

const byBody = new WeakMap<ReadableStream, Returned>()

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
    const pull = (): never => {
      const hint = "Add app.use(swapstream({ templates: 'templates' })) before the route."
      throw new ConfigError('config/middleware-missing', message, { hint })
    }
    const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
    byBody.set(body, this)
    return body
  }
}

/** Takes the value that a handler returned out of the response around it. */
export function takeReturned({ body }: Pick<Response, 'body'>): Returned | undefined {
  if (body === null) return undefined
  const value = byBody.get(body)
  byBody.delete(body)
  return value
}
