/** Deeper than anybody nests on purpose; a circle is endlessly deep. */
const DEEPEST = 100

/**
 * Why a value would not come out of JSON as it went in; nothing when it would. Members without a value may go missing.
 *
 * @example jsonFault({ at: [new Date(0)] }) // → 'at.0 is a Date'
 * @example jsonFault({ a: [1, 'two', null, { b: undefined }] }) // → undefined
 */
export function jsonFault(value: unknown, path: readonly string[] = []): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : `${events(path)} is ${value}`
    case 'object':
      return value === null ? undefined : objectFault(value, path)
    default:
      return `${events(path)} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`
  }
}

function objectFault(value: object, path: readonly string[]): string | undefined {
  if (path.length > DEEPEST) return `${events(path.slice(0, 3))}… is circular`
  const kind = Object.getPrototypeOf(value) as object | null
  if (!Array.isArray(value) && kind !== Object.prototype && kind !== null)
    return `${events(path)} is a ${value.constructor?.name ?? 'thing of its own kind'}`
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined && !Array.isArray(value)) continue
    const fault = jsonFault(member, [...path, key])
    if (fault) return fault
  }
  return undefined
}

function events(path: readonly string[]): string {
  return path.length === 0 ? 'it' : path.join('.')
}
