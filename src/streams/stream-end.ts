/**
 * Why a stream ended: by itself; by a failure; because the client left or somebody stopped it; because it reached a
 * limit; because its source or its reader stood still; because the server shuts down; because the server that made it died.
 */
export type EndReason =
  | 'stop'
  | 'error'
  | 'cancel'
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
