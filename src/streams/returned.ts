import { ConfigError } from '../base/errors.ts'

const byBody = new WeakMap<ReadableStream, object>()

/**
 * A body that stands for a value which a handler returns in place of a Response.
 *
 * Hono, and any middleware that touches the response, wraps what a handler returned into a new Response; class and
 * properties are lost on the way, the body stream is not. So the body is the brand.
 * Nobody should ever read it: without our middleware it says what is missing instead of answering nothing.
 */
export function brand(value: object): ReadableStream<Uint8Array> {
  const body = new ReadableStream<Uint8Array>(
    {
      pull() {
        throw new ConfigError(
          'config/middleware-missing',
          `A handler returned a ${value.constructor.name}, but nothing turns it into an answer.`,
          {
            hint: "Add app.use(swapstream({ templates: 'templates' })) before the route.",
          },
        )
      },
    },
    // 0: nothing is pulled before somebody reads.
    { highWaterMark: 0 },
  )
  byBody.set(body, value)
  return body
}

/** The value that a handler returned, when the response stands for one. */
export function returned(response: { readonly body: ReadableStream | null }): object | undefined {
  return response.body === null ? undefined : byBody.get(response.body)
}
