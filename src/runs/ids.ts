/**
 * Creates an id of 128 random bits, which cannot be guessed.
 *
 * @example isRunId(newRunId()) // → true
 */
export function newRunId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const text = btoa(String.fromCharCode(...bytes)).slice(0, 22)
  return text.replaceAll('+', '-').replaceAll('/', '_')
}

/** Checks the form of an id; nothing else is looked up. */
export function isRunId(text: string): boolean {
  return /^[\w-]{22}$/.test(text)
}

/**
 * Event id for a position in the log of a run. The `1` is the attempt: a run is never started again.
 *
 * @example formatCursor(12) // → '1-12'
 */
export function formatCursor(position: number): string {
  return `1-${position}`
}

/**
 * Position in an event id that a client sent, 0 if there is none. Clients can send anything.
 *
 * @example parseCursor('1-12') // → 12
 * @example parseCursor('2-12; DROP') // → 0
 */
export function parseCursor(lastEventId: string | undefined = ''): number {
  return Number(/^1-(\d{1,15})$/.exec(lastEventId)?.[1] ?? 0)
}
