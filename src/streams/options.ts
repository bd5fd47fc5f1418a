import type { Limits } from '../shared/limits.ts'
import type { EndListener, FailureListeners } from './failure.ts'
import type { Slot } from './registry.ts'
import type { SourceReaderOptions } from './source.ts'

/** The other end of the connection that a stream is sent over. */
export interface Client {
  /** Calls back, perhaps at once, when the client has left. Out: a function that forgets the call. */
  onDisconnect(run: () => void): () => void
  /** Cuts the connection of a client that stands still; a body alone cannot do that. */
  destroy?(): void
}

export interface StreamOptions extends SourceReaderOptions, FailureListeners, EndListener {
  readonly client: Client
  readonly slot?: Slot | undefined
  readonly heartbeatMs: number | false | null
  /** Time between two frames; 0 for a frame a value. */
  readonly frameMs: () => number
  /**
   * When the source is read: always, while the newest snapshots replace those before (`latest`); only while the client
   * waits (`pause`); only when a frame is due, because the source itself gives the newest snapshot (`due`).
   */
  readonly reads: 'latest' | 'pause' | 'due'
  readonly limits: Limits
  /** The limits of a feed. Default: the same. */
  readonly feedLimits?: Limits
}
