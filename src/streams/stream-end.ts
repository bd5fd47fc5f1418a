/**
 * Why a stream ended: `done` by itself, `stopped` by somebody, `error` by a failure, `disconnected` because the client
 * left, `limit` at a limit, `timeout` because its source or its client stood still, `shutdown` with the server,
 * `interrupted` because the server that made it died.
 */
export type EndReason =
  | 'done'
  | 'stopped'
  | 'error'
  | 'disconnected'
  | 'limit'
  | 'timeout'
  | 'shutdown'
  | 'interrupted'

/** How a stream ended, and how much of it there was: what `onEnd` is told. */
export interface StreamEnd {
  readonly reason: EndReason
  /** What failed, when something did. */
  readonly error?: unknown
  /** What the source returned, when it came so far and returned something. */
  readonly final?: unknown
  /** How many times a fragment could not be drawn; its place shows a notice, and the stream went on. */
  readonly failed?: number
  /** Values taken from the source. */
  readonly values: number
  /** Pieces handed to the connection. */
  readonly frames: number
  /** Their size. */
  readonly bytes: number
  readonly durationMs: number
}
