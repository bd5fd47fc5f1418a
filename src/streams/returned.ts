import { ConfigError } from '../base/errors.ts'

const byBody = new WeakMap<ReadableStream, object>()

/**
 * A value that a handler returns in place of a Response.
 *
 * Hono, and any middleware that touches the response, wraps what a handler returned into a new Response; class and
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

  /** Nobody should ever read it: without our middleware it says what is missing instead of answering nothing. */
  get body(): ReadableStream<Uint8Array> {
    const { name } = this.constructor
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
      // 0: nothing is pulled before somebody reads.
      { highWaterMark: 0 },
    )
    byBody.set(body, this)
    return body
  }
}

/** The value that a handler returned, when the response stands for one. */
export function returned(response: { readonly body: ReadableStream | null }): object | undefined {
  return response.body === null ? undefined : byBody.get(response.body)
}
