import { isIP } from 'node:net'
import { UNKNOWN_ADDRESS } from '../web/settings.ts'

/**
 * Finds the address of the client behind proxies of ours.
 *
 * Of X-Forwarded-For it believes as many entries at the end as there are proxies: each adds the address it was called
 * from, and everything before them is the client's own invention. A proxy's own address never stands for its clients.
 *
 * In      X-Forwarded-For with all its lines joined by commas; how many proxies; the address of the socket.
 * Out     an IP address without its port, or `UNKNOWN_ADDRESS` when the proxies did not give one.
 */
export function clientAddress(
  forwardedFor: string | undefined,
  proxies: number,
  own: string | undefined,
): string | undefined {
  if (!(proxies > 0)) return own
  const entry = forwardedFor?.split(',').at(-proxies)?.trim() ?? ''
  const [, v6, v4] = /^(?:\[(.+)\]|([\d.]+))(?::\d+)?$/.exec(entry) ?? []
  const address = v6 ?? v4 ?? entry
  return isIP(address) ? address : UNKNOWN_ADDRESS
}

/** True when the client came over TLS: the word of the first proxy, where each adds its own to X-Forwarded-Proto. */
export function cameOverTls(forwardedProto: string | undefined, proxies: number): boolean {
  const words = proxies > 0 ? (forwardedProto?.split(',') ?? []) : []
  return (words.at(-proxies) ?? words[0])?.trim().toLowerCase() === 'https'
}
