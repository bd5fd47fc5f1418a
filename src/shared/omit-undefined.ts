/**
 * An object without the properties that are undefined: under exact optional types, absent and undefined differ.
 *
 * @example omitUndefined({ a: 1, b: undefined }) // → { a: 1 }
 */
export function omitUndefined<T extends object>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
