/**
 * Copies an object without the properties that are undefined: with exact optional types, absent is not undefined.
 *
 * @example omitUndefined({ a: 1, b: undefined }) // → { a: 1 }
 */
export function omitUndefined<T extends object>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
