import { PATIENCE_MS } from '../../support/eventually.ts'

/** The head of a response, as it stood on the wire. Names in lower case; repeated headers are joined with a comma. */
export interface Head {
  readonly version: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

type Framing =
  | { kind: 'none' }
  | { kind: 'length' | 'chunk'; left: number }
  | { kind: 'size' | 'trailer' | 'close' }

/**
 * One response of a raw connection: its bytes are decoded here and nowhere else, so that a wrong chunk size or a cut
 * body cannot be repaired by a client that means well.
 */
export class RawResponse {
  readonly head: Promise<Head>
  /** True after a clean end, false when the connection was cut before it. */
  readonly complete: Promise<boolean>
  /** Chunks of the transfer coding, that is writes of the server. */
  chunks = 0
  bytes = 0
  over = false
  readonly #parts: Buffer[] = []
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #bodiless: boolean
  readonly #waiting = new Set<() => void>()
  #framing: Framing | undefined
  #rest: Buffer = Buffer.alloc(0)
  #text = ''
  #gotHead!: (head: Head) => void
  #noHead!: (error: Error) => void
  #gotEnd!: (complete: boolean) => void

  /** @param bodiless The request was a HEAD, whose answer has no body whatever its headers say. */
  constructor(bodiless: boolean) {
    this.#bodiless = bodiless
    this.head = new Promise((resolve, reject) => {
      this.#gotHead = resolve
      this.#noHead = reject
    })
    this.head.catch(() => {})
    this.complete = new Promise((resolve) => (this.#gotEnd = resolve))
  }

  /** The body so far, as text; throws when it is not UTF-8. */
  get body(): string {
    while (this.#parts.length > 0) {
      const parts = this.#parts.splice(0)
      this.#text += this.#decoder.decode(Buffer.concat(parts), { stream: true })
    }
    return this.#text
  }

  /** The whole body of a response that must end well. */
  async text(): Promise<string> {
    if (!(await this.complete))
      throw new Error(`The body was cut after ${this.bytes} bytes: ${this.body.slice(-200)}`)
    return this.body
  }

  /** The body as soon as it is as wanted. */
  async until(wanted: (body: string) => boolean, withinMs = PATIENCE_MS): Promise<string> {
    const deadline = Date.now() + withinMs
    for (;;) {
      if (wanted(this.body)) return this.body
      const left = deadline - Date.now()
      if (this.over || left <= 0)
        throw new Error(`Never came: ${wanted}\nBody: ${this.body.slice(-300)}`)
      await this.#more(left)
    }
  }

  /** Takes what belongs to this response and gives back what is behind it. */
  take(data: Buffer): Buffer {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data
    while (!this.over && this.#step());
    for (const wake of this.#waiting) wake()
    const rest = this.#rest
    if (!this.over) return Buffer.alloc(0)
    this.#rest = Buffer.alloc(0)
    return rest
  }

  /** The connection is gone. */
  cut(): void {
    if (this.over) return
    this.#noHead(
      new Error(
        `The connection ended before a response: ${this.#rest.toString('latin1').slice(0, 200)}`,
      ),
    )
    this.#finish(this.#framing?.kind === 'close')
  }

  #step(): boolean {
    const framing = this.#framing
    if (framing === undefined) return this.#readHead()
    switch (framing.kind) {
      case 'none':
        this.#finish(true)
        return false
      case 'close':
        this.#keep(this.#rest.length)
        return false
      case 'length':
      case 'chunk': {
        const size = Math.min(framing.left, this.#rest.length)
        this.#keep(size)
        framing.left -= size
        if (framing.left > 0) return false
        if (framing.kind === 'length') {
          this.#finish(true)
          return false
        }
        if (this.#rest.length < 2) return false
        if (this.#line() !== '') throw new Error('A chunk is longer than its size says.')
        this.#framing = { kind: 'size' }
        return true
      }
      case 'size': {
        const line = this.#line()
        if (line === undefined) return false
        if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`Not a chunk size: ${JSON.stringify(line)}`)
        const left = Number.parseInt(line, 16)
        this.chunks += left > 0 ? 1 : 0
        this.#framing = left > 0 ? { kind: 'chunk', left } : { kind: 'trailer' }
        return true
      }
      case 'trailer': {
        const line = this.#line()
        if (line === '') this.#finish(true)
        return line !== undefined && line !== ''
      }
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return false
    const [first = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n')
    this.#rest = this.#rest.subarray(end + 4)
    const [version = '', status = ''] = first.split(' ')
    if (status.startsWith('1')) return true
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value
    }
    this.#framing = this.#framingOf(status, headers)
    this.#gotHead({ version, status: Number(status), headers })
    return true
  }

  #framingOf(status: string, headers: Readonly<Record<string, string>>): Framing {
    if (this.#bodiless || status === '204' || status === '304') return { kind: 'none' }
    if (headers['transfer-encoding'] === 'chunked') return { kind: 'size' }
    const length = headers['content-length']
    if (length === undefined) return { kind: 'close' }
    return length === '0' ? { kind: 'none' } : { kind: 'length', left: Number(length) }
  }

  #line(): string | undefined {
    const end = this.#rest.indexOf('\r\n')
    if (end < 0) return undefined
    const line = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 2)
    return line
  }

  #keep(size: number): void {
    if (size === 0) return
    this.bytes += size
    this.#parts.push(this.#rest.subarray(0, size))
    this.#rest = this.#rest.subarray(size)
  }

  #finish(complete: boolean): void {
    this.over = true
    this.#gotEnd(complete)
    for (const wake of this.#waiting) wake()
  }

  #more(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, withinMs)
      this.#waiting.add(wake)
    })
  }
}
