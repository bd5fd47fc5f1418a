/**
 * Why a stream ended: by itself; by a failure; because the client left or somebody stopped it; because it reached a
 * limit; because its source or its reader stood still; because the server shuts down.
 */
export type EndReason = 'stop' | 'error' | 'cancel' | 'limit' | 'timeout' | 'shutdown'

export interface StreamEnd {
  readonly reason: EndReason
  /** What failed, when something did. */
  readonly error?: unknown
  /** Values taken from the source. */
  readonly values: number
  /** Pieces handed to the connection. */
  readonly frames: number
  /** Their size. */
  readonly bytes: number
  readonly durationMs: number
}
