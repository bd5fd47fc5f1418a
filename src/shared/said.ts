/**
 * What an error says, whatever was thrown: code of others may throw text, nothing, or an object that throws when it is
 * looked at, and a failure must not fail.
 *
 * @example said(new Error('gone')) // → 'gone'
 */
export function said(error: unknown): string {
  return safely(
    () => String(error instanceof Error ? error.message : error),
    'something that cannot be shown',
  )
}

/** What a look at foreign things gives, or something else when even looking throws. */
export function safely<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
