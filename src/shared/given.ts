/**
 * An object without the properties that are undefined: under exact optional types, absent and undefined are not the same.
 *
 * @example given({ a: 1, b: undefined }) // → { a: 1 }
 */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
