import { ConfigError } from '../shared/errors.ts'

const byBody = new WeakMap<ReadableStream, Returned>()

/**
 * A value that a handler returns in place of a Response.
 *
 * Any middleware that touches the response has Hono wrap what a handler returned into a new Response; class and
 * properties are lost on the way, the body stream is not. So the body leads back here.
 * A value may be kept and returned again: what one request adds to the headers is no other's.
 */
export abstract class Returned {
  readonly status: number
  readonly #headers: Headers

  constructor(status: number, headers: Headers) {
    this.status = status
    this.#headers = headers
  }

  get headers(): Headers {
    return new Headers(this.#headers)
  }

  /** Whoever reads it without our middleware is told what is missing, instead of nothing. */
  get body(): ReadableStream<Uint8Array> {
    const name = this.constructor.name
    const body = new ReadableStream<Uint8Array>(
      {
        pull() {
          throw new ConfigError(
            'config/middleware-missing',
            `A handler returned a ${name}, but nothing turns it into an answer.`,
            {
              hint: "Add app.use(swapstream({ templates: 'templates' })) before the route.",
            },
          )
        },
      },
      // Asked for nothing before somebody reads.
      { highWaterMark: 0 },
    )
    byBody.set(body, this)
    return body
  }
}

/** The value that a handler returned, when a response was made around it: nobody else finds it there again. */
export function takeReturned(response: {
  readonly body: ReadableStream | null
}): Returned | undefined {
  const { body } = response
  const value = body === null ? undefined : byBody.get(body)
  if (value) byBody.delete(body!)
  return value
}
