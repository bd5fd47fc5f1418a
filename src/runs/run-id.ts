const ID = /^[\w-]{22}$/

/**
 * 128 random bits: who has not been told an id cannot find it.
 *
 * @example isRunId(newRunId()) // → true
 */
export function newRunId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .slice(0, 22)
}

/** Whether a text can be an id at all: nothing else is looked up. */
export function isRunId(text: string): boolean {
  return ID.test(text)
}

/** All runs are made once: nothing takes over a paid answer. The number leaves room for that. */
const ATTEMPT = 1
const LONGEST = 256
const CURSOR = /^(\d{1,9})-(\d{1,15})$/

/**
 * The id of the event after which a reader has everything up to a position.
 *
 * @example toCursor(12) // → '1-12'
 */
export function toCursor(seq: number): string {
  return `${ATTEMPT}-${seq}`
}

/**
 * The position that a client names as its last, as far as it can be believed; 0 for everything else.
 *
 * @example positionOf('1-12') // → 12
 * @example positionOf('2-12; DROP') // → 0
 */
export function positionOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId.length > LONGEST) return 0
  const [, attempt, seq] = CURSOR.exec(lastEventId) ?? []
  return Number(attempt) === ATTEMPT ? Number(seq) : 0
}
