/** An address as bytes: four for IPv4, sixteen for IPv6. */
type Bytes = readonly number[]

/**
 * A set of neighbouring addresses in CIDR notation; a bare address is a set of one.
 *
 * Out     a function that says whether an address is in it; nothing when the text is no such set. Addresses of IPv4
 *         that arrive on an IPv6 socket (`::ffff:10.0.0.1`) count as IPv4.
 *
 * @example ipRange('10.0.0.0/8')!('10.1.2.3') // → true
 * @example ipRange('10.0.0.0/33') // → undefined
 */
export function ipRange(cidr: string): ((address: string) => boolean) | undefined {
  const [text = '', length, ...rest] = cidr.split('/')
  const full = bytesOf(text)
  if (full === undefined || rest.length > 0) return undefined
  let bits = full.length * 8
  if (length !== undefined) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) return undefined
    bits = Number(length)
  }
  const network = bits >= 96 ? unmapped(full) : full
  if (network !== full) bits -= 96
  return (address) => {
    const bytes = bytesOf(address.replace(/%.*$/, ''))
    return bytes !== undefined && starts(unmapped(bytes), network, bits)
  }
}

function starts(bytes: Bytes, network: Bytes, bits: number): boolean {
  if (bytes.length !== network.length) return false
  for (let at = 0; at * 8 < bits; at++) {
    const ignored = Math.max(0, (at + 1) * 8 - bits)
    if (bytes[at]! >> ignored !== network[at]! >> ignored) return false
  }
  return true
}

function unmapped(bytes: Bytes): Bytes {
  const prefix = bytes.length === 16 ? bytes.slice(0, 12) : []
  const isMapped = prefix.length === 12 && prefix.every((byte, at) => byte === (at < 10 ? 0 : 255))
  return isMapped ? bytes.slice(12) : bytes
}

function bytesOf(address: string): Bytes | undefined {
  return address.includes(':') ? ofIPv6(address) : ofIPv4(address)
}

function ofIPv4(address: string): Bytes | undefined {
  const parts = address.split('.')
  // No leading zeros: some programs read them as octal, and two readings of one address are a hole.
  const fit = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))
  const bytes = parts.map(Number)
  return fit && bytes.every((byte) => byte < 256) ? bytes : undefined
}

function ofIPv6(address: string): Bytes | undefined {
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const [left, right] = [groupsOf(halves[0]!, halves.length === 1), groupsOf(halves[1] ?? '', true)]
  if (left === undefined || right === undefined) return undefined
  const missing = 16 - left.length - right.length
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined
  return [...left, ...Array<number>(missing).fill(0), ...right]
}

/** Groups of four hexadecimal digits as bytes; the last may be an IPv4 address. */
function groupsOf(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [at, group] of groups.entries()) {
    if (last && at === groups.length - 1 && group.includes('.')) {
      const tail = ofIPv4(group)
      if (tail === undefined) return undefined
      bytes.push(...tail)
    } else {
      if (!/^[\da-f]{1,4}$/i.test(group)) return undefined
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 255)
    }
  }
  return bytes
}
