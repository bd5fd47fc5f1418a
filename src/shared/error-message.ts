/**
 * The message of an error, whatever was thrown: text, nothing, or an object that throws when it is read.
 *
 * @example errorMessage(new Error('gone')) // → 'gone'
 */
export function errorMessage(error: unknown): string {
  const message = (): string => String(error instanceof Error ? error.message : error)
  return tryOr(message, 'something that cannot be shown')
}

/** What a look at foreign values gives, or something else when even looking throws. */
export function tryOr<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
