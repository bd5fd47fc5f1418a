import type { Live } from '../web/settings.ts'

/** A response to a stream that need not become a web stream: its body is made when somebody asks for it. */
export interface LiveResponse extends Response {
  readonly stream: Live
  /** The body that somebody has asked for. */
  readonly seen: ReadableStream<Uint8Array> | undefined
}

/** To everybody else it is any response: what is done to its body is done to the stream. */
export function liveResponse(stream: Live, init: ResponseInit): LiveResponse {
  Made ??= define()
  return new Made(stream, init)
}

/** Whether a response is such a one, whoever hands it around. */
export function isLive(response: Response): response is LiveResponse {
  return Made !== undefined && response instanceof Made
}

let Made: (new (stream: Live, init: ResponseInit) => LiveResponse) | undefined

/** Not before the first request: by then @hono/node-server has put its own, lighter Response in the place of Node's. */
function define(): NonNullable<typeof Made> {
  return class extends Response implements LiveResponse {
    readonly stream: Live
    seen: ReadableStream<Uint8Array> | undefined
    #whole: Response | undefined

    constructor(stream: Live, init: ResponseInit) {
      super(null, init)
      this.stream = stream
    }

    get #real(): Response {
      if (this.#whole === undefined) {
        this.seen = this.stream.body()
        this.#whole = new Response(this.seen, { headers: this.headers })
      }
      return this.#whole
    }

    override get body() {
      return this.#real.body
    }

    override get bodyUsed() {
      return this.#whole?.bodyUsed ?? false
    }

    /** By hand: the body of a clone is cancelled by Node when that clone is collected, although somebody else has it. */
    override clone(): Response {
      const [own, copied] = this.#real.body!.tee()
      this.#whole = new Response(own, { headers: this.headers })
      return new Response(copied, this)
    }

    override arrayBuffer() {
      return this.#real.arrayBuffer()
    }

    override blob() {
      return this.#real.blob()
    }

    override formData() {
      return this.#real.formData()
    }

    override json() {
      return this.#real.json()
    }

    override text() {
      return this.#real.text()
    }
  }
}
