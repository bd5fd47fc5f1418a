/** A provider without a network: what it sends, and what it noticed of the one who asked. */
export interface Provider {
  readonly fetch: typeof globalThis.fetch
  readonly noticed: { requests: number; aborted: boolean; cancelled: boolean }
  /** Resolves when the call was aborted or its body cancelled. */
  readonly letGo: Promise<void>
}

export interface ProviderOptions {
  readonly contentType?: string
  readonly status?: number
  /** Never ends after the last chunk: a model that thinks. */
  readonly thinks?: boolean
  /** Cuts the connection after the last chunk. */
  readonly breaks?: boolean
  /** How many bytes come at once; so few that characters and lines are cut. Default 7. */
  readonly bytesAtOnce?: number
}

export function provider(body: string, options: ProviderOptions = {}): Provider {
  const {
    contentType = 'text/event-stream',
    status = 200,
    thinks,
    breaks,
    bytesAtOnce = 7,
  } = options
  const bytes = new TextEncoder().encode(body)
  const noticed = { requests: 0, aborted: false, cancelled: false }
  const { promise: letGo, resolve: note } = withResolvers()
  const fetch = async (_: unknown, init: RequestInit = {}): Promise<Response> => {
    noticed.requests += 1
    let sent = 0
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        init.signal?.addEventListener('abort', () => {
          noticed.aborted = true
          note()
          try {
            controller.error(new DOMException('This operation was aborted', 'AbortError'))
          } catch {
            // It had ended.
          }
        })
      },
      pull(controller) {
        if (sent < bytes.length) controller.enqueue(bytes.slice(sent, (sent += bytesAtOnce)))
        else if (breaks) controller.error(new TypeError('terminated'))
        else if (thinks) return new Promise<void>(() => {})
        else controller.close()
        return undefined
      },
      cancel() {
        noticed.cancelled = true
        note()
      },
    })
    return new Response(stream, { status, headers: { 'content-type': contentType } })
  }
  return { fetch, noticed, letGo }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

/** An event stream of JSON; with names, as some providers send them. */
export function sse(values: readonly unknown[], { named = false, end = '' } = {}): string {
  return (
    values
      .map((value) => {
        const name = named ? `event: ${(value as { type: string }).type}\n` : ''
        return `${name}data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
      })
      .join('') + end
  )
}

export const ndjson = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('')
