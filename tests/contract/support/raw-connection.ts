import { connect as open, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { RawResponse } from './raw-response.ts'

export interface RawRequest {
  readonly method?: string
  readonly version?: '1.0' | '1.1'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** One TCP connection that says exactly what a test wants said, and shows exactly what came back. */
export class RawConnection {
  readonly socket: Socket
  /** Settles when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>
  readonly #awaited: RawResponse[] = []
  #unclaimed: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (data) => this.#take(data))
    // A reset is what some tests are about; `closed` says that it happened.
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        for (const response of this.#awaited.splice(0)) response.cut()
        resolve()
      })
    })
  }

  /** Says a request and expects its response. Several in a row are pipelined. */
  request(path: string, request: RawRequest = {}): RawResponse {
    return this.say(encodeRequest(path, request), request.method === 'HEAD')
  }

  /** Says any bytes and expects one response to them. */
  say(bytes: string | Buffer, bodiless = false): RawResponse {
    const response = new RawResponse(bodiless)
    this.#awaited.push(response)
    this.socket.write(bytes)
    if (this.#unclaimed.length > 0) this.#take(Buffer.alloc(0))
    return response
  }

  /** The client goes as a crashed one does: with a reset in place of a farewell. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  #take(data: Buffer): void {
    let rest = this.#unclaimed.length > 0 ? Buffer.concat([this.#unclaimed, data]) : data
    while (rest.length > 0 && this.#awaited.length > 0) {
      const response = this.#awaited[0]!
      rest = response.take(rest)
      if (response.over) this.#awaited.shift()
      else break
    }
    this.#unclaimed = rest
  }

  /** Bytes behind the last response: there should be none. */
  get stray(): string {
    return this.#unclaimed.toString('latin1')
  }
}

export function encodeRequest(path: string, request: RawRequest = {}): Buffer {
  const { method = 'GET', version = '1.1', headers = {}, body } = request
  const all: Record<string, string> = {
    host: '127.0.0.1',
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n`, 'latin1')
  return body === undefined ? head : Buffer.concat([head, Buffer.from(body)])
}

export function connect(port: number, localAddress?: string): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const socket = open({
      port,
      host: '127.0.0.1',
      noDelay: true,
      ...(localAddress ? { localAddress } : {}),
    })
    socket.once('error', reject)
    socket.once('connect', () => resolve(new RawConnection(socket)))
  })
}

/** Connections to one server that end with the test, and the short way to one response. */
export function useConnections(port: () => number): {
  connect(localAddress?: string): Promise<RawConnection>
  request(path: string, request?: RawRequest): Promise<RawResponse & { connection: RawConnection }>
} {
  const opened: RawConnection[] = []
  afterEach(async () => {
    const ending = opened.splice(0)
    for (const { socket } of ending) socket.destroy()
    await Promise.all(ending.map(({ closed }) => closed))
  })
  const connectOne = async (localAddress?: string): Promise<RawConnection> => {
    const connection = await connect(port(), localAddress)
    opened.push(connection)
    return connection
  }
  return {
    connect: connectOne,
    async request(path, request) {
      const connection = await connectOne()
      return Object.assign(connection.request(path, request), { connection })
    },
  }
}
