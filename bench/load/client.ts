import { connect } from 'node:net'
import { sharedNow } from '../task/clock.ts'
import { path, type Asked } from '../task/ask.ts'
import { newestMark } from '../task/tokens.ts'

/** One for all connections: a read is looked at before the next one comes. */
const buffer = Buffer.alloc(65_536)
/** As much of the end of a body as is looked at for a mark: all changes of one frame, in any order. */
const TAIL = 1024
/** What htmx 4 with its extension says in each request. */
const AS_HTMX_4 =
  'Accept: text/html, text/event-stream\r\nHX-Request: true\r\nHX-Request-Type: partial\r\n'
const HEAD_END = Buffer.from('\r\n\r\n')
const BODY_END = Buffer.from('\r\n0\r\n\r\n')

/** What a client of the load has seen so far. */
export interface Seen {
  readonly askedAt: number
  firstAt: number
  lastAt: number
  /** Bytes of the body with the framing of its chunks. */
  bytes: number
  reads: number
  /** Tokens shown. */
  shown: number
  /** The body has ended as it should. */
  ended: boolean
}

export interface Reading {
  readonly seen: Seen
  /** Resolves when the body has ended or the connection is gone. */
  readonly done: Promise<Seen>
  pause(): void
  /** Resets the connection, as a machine that vanishes does. */
  reset(): void
  close(): void
}

export interface ReadOptions {
  /** Called when more tokens are shown than before: from, to. */
  readonly onShown?: (before: number, now: number) => void
  /** Called with each piece of the body, whose bytes are overwritten by the next one. */
  readonly onBytes?: (bytes: Buffer) => void
}

/**
 * Asks a rival and reads its answer, as cheaply as it can be done: a bare socket, one buffer for all, and a look at the
 * end of each read instead of a parser.
 */
export function open(port: number, asked: Partial<Asked>, options: ReadOptions = {}): Reading {
  const { onShown, onBytes } = options
  const seen: Seen = {
    askedAt: sharedNow(),
    firstAt: NaN,
    lastAt: NaN,
    bytes: 0,
    reads: 0,
    shown: 0,
    ended: false,
  }
  let head: Buffer | undefined = Buffer.alloc(0)
  let tail: Buffer = Buffer.alloc(0)
  let settle!: (seen: Seen) => void
  const done = new Promise<Seen>((resolve) => (settle = resolve))

  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer,
      callback(size) {
        read(buffer.subarray(0, size))
        return true
      },
    },
  })
  socket.write(`GET ${path(asked)} HTTP/1.1\r\nHost: 127.0.0.1\r\n${AS_HTMX_4}\r\n`)
  socket.on('error', () => {})
  socket.on('close', () => settle(seen))

  function read(bytes: Buffer): void {
    if (head !== undefined) {
      head = Buffer.concat([head, bytes])
      const end = head.indexOf(HEAD_END)
      if (end === -1) return
      if (!head.toString('latin1', 0, 12).endsWith(' 200')) return void socket.destroy()
      bytes = head.subarray(end + HEAD_END.length)
      head = undefined
      if (bytes.length === 0) return
    }
    seen.bytes += bytes.length
    seen.reads += 1
    onBytes?.(bytes)
    tail = Buffer.from(
      bytes.length < TAIL ? Buffer.concat([tail, bytes]).subarray(-TAIL) : bytes.subarray(-TAIL),
    )
    const mark = newestMark(tail)
    if (mark >= 0) shows(mark)
    if (tail[tail.length - 1] === 10 && tail.subarray(-BODY_END.length).equals(BODY_END)) {
      seen.ended = true
      seen.lastAt = sharedNow()
      socket.destroy()
      settle(seen)
    }
  }

  function shows(mark: number): void {
    const now = mark + 1
    // A block that has not arrived whole ends in an older token.
    if (now <= seen.shown) return
    const before = seen.shown
    if (before === 0) seen.firstAt = sharedNow()
    seen.shown = now
    onShown?.(before, now)
  }

  return {
    seen,
    done,
    pause: () => void socket.pause(),
    reset: () => void socket.resetAndDestroy(),
    close: () => void socket.destroy(),
  }
}
