import type { Context } from 'hono'
import { AccessError, ConfigError } from '../../shared/errors.ts'
import { settingsOf } from '../current-settings.ts'
import type { Guard } from './guard.ts'
import { ipRange } from './ip-range.ts'

/**
 * A guard that lets pass who comes from one of these networks.
 *
 * In      networks in CIDR notation or single addresses, IPv4 and IPv6. The client's address is the one by which its
 *         streams are counted: that of the connection, and X-Forwarded-For only as far as `proxies` says.
 * Out     403 for others, and when the address is not known.
 * Throws  ConfigError for a network that cannot be read, or an empty list: now, not at a request.
 *
 * @example mount(app, { guards: [ipAllow(['10.0.0.0/8', '::1'])] }, stream({ path: '/inside' }, async function* () {}))
 */
export function ipAllow(networks: readonly string[]): Guard {
  const ranges = networks.map((network) => ipRange(String(network)) ?? refuse(network))
  if (ranges.length === 0) {
    throw new ConfigError('config/invalid', 'ipAllow() got an empty list: nobody could pass.', {
      hint: "Name a network, such as ipAllow(['10.0.0.0/8']).",
    })
  }
  return function ipGuard(c: Context) {
    const { address } = settingsOf(c).connection(c)
    if (address !== undefined && ranges.some((holds) => holds(address))) return true
    throw new AccessError(
      'access/forbidden',
      `The address ${address ?? '(unknown)'} is in none of the allowed networks.`,
      { hint: 'Behind a proxy, say how many there are: swapstream({ proxies: 1 }).' },
    )
  }
}

function refuse(network: unknown): never {
  throw new ConfigError('config/invalid', `ipAllow(): ${JSON.stringify(network)} is no network.`, {
    hint: 'Write 10.0.0.0/8, 192.168.1.7 or 2001:db8::/32.',
  })
}
