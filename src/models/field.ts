/** A property of something unknown; undefined when there is none, or nothing to have one. */
export function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object'
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** An object of those properties that are what they should be. */
export function fields<T extends Record<string, 'string' | 'number'>>(
  wanted: T,
  values: { readonly [K in keyof T]: unknown },
): { [K in keyof T]?: T[K] extends 'string' ? string : number } {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => typeof value === wanted[name]),
  ) as { [K in keyof T]?: T[K] extends 'string' ? string : number }
}
