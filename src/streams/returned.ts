import { ConfigError } from '../base/errors.ts'
import { BodySink, type Writer } from './sink.ts'

const byBody = new WeakMap<ReadableStream, Taken>()

/** A value that a handler returned. */
export interface Taken {
  readonly value: object
  /** Of the body that led to it: a stream can be written there. */
  readonly sink: BodySink
}

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

  /** Whoever reads it without our middleware is told what is missing, instead of nothing. */
  get body(): ReadableStream<Uint8Array> {
    const sink = new BodySink(new Missing(this.constructor.name))
    byBody.set(sink.body, { value: this, sink })
    return sink.body
  }
}

class Missing implements Writer {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  wanted(): never {
    throw new ConfigError(
      'config/middleware-missing',
      `A handler returned a ${this.#name}, but nothing turns it into an answer.`,
      {
        hint: "Add app.use(swapstream({ templates: 'templates' })) before the route.",
      },
    )
  }

  leave(): void {}
}

/** Takes the value that a handler returned, when the response stands for one: nobody else finds it there again. */
export function takeReturned(response: {
  readonly body: ReadableStream | null
}): Taken | undefined {
  const { body } = response
  const taken = body === null ? undefined : byBody.get(body)
  if (taken) byBody.delete(body!)
  return taken
}
