import type { EndReason } from './stream-end.ts'

/** What a client may learn of a failure. */
export interface PublicError {
  readonly code: string
  /** Finds the cause in the log. */
  readonly id: string
  readonly message: string
}

/** How the values of one stream are spelt. It belongs to that stream and may remember what it has sent. */
export interface Wire<T> {
  /** One value as text of the body; empty when there is nothing to send for it. */
  value(value: T): string | Promise<string>
  /** The last text of the body. Exactly one is asked for. */
  terminal(reason: EndReason, error?: PublicError): string | Promise<string>
  /** A sign of life that clients skip. */
  heartbeat(): string
}

/** Makes the wire of one stream. */
export type WireFactory<T = unknown> = () => Wire<T>
