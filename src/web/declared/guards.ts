import type { Context, MiddlewareHandler, Next } from 'hono'
import { env } from 'hono/adapter'
import { bearerAuth } from 'hono/bearer-auth'
import { ipRestriction } from 'hono/ip-restriction'
import { timingSafeEqual } from 'hono/utils/buffer'
import { AccessError, ConfigError } from '../../shared/errors.ts'
import { settingsOf, UNKNOWN_ADDRESS } from '../settings.ts'

/**
 * Decides from the request alone whether it may pass: a function of the context, or any Hono middleware.
 *
 * Out     nothing or true to let it pass, a Response to answer it; everything else is 401.
 *
 * @example mount(app, { guards: [(c) => c.req.header('x-team') === 'blue'] }, stream({ path: '/blue' }, async function* () {}))
 */
export type Guard = (
  c: Context,
  next: Next,
) => boolean | void | Response | Promise<boolean | void | Response>

/** The middleware that a guard stands for. A guard that takes `next` is middleware already. */
export function toMiddleware(guard: Guard): MiddlewareHandler {
  if (guard.length > 1) return guard as MiddlewareHandler
  return async (c, next) => {
    const answer = await guard(c, next)
    if (answer instanceof Response) return answer
    if (answer !== undefined && answer !== true)
      throw new AccessError('access/unauthenticated', 'Rejected by a guard.')
    await next()
  }
}

/**
 * A guard that wants `Authorization: Bearer <token>`.
 *
 * In      the token itself, or the environment variable that holds it, read at each request: so a token can be changed
 *         without a restart. A token has letters, digits and `-._~+/` only, as RFC 6750 says.
 * Out     401 without a token, or when the variable is missing or empty; 403 for a wrong one.
 * Cost    two digests; the time does not depend on how much of a token is right.
 * Throws  ConfigError when neither a token nor a variable is named, or for a token that no header can hold.
 *
 * @example mount(app, stream({ path: '/chat', auth: true, guards: [bearer({ env: 'CHAT_TOKEN' })] }, async function* () {}))
 */
export function bearer(
  options:
    | { readonly token: string; readonly env?: never }
    | { readonly env: string; readonly token?: never },
): Guard {
  const { token, env: variable } = options ?? {}
  if (!variable && !/^[\w.~+/-]+=*$/.test(token ?? ''))
    throw invalid(
      'bearer() has no token that a request could send.',
      "Name the variable that holds it, bearer({ env: 'CHAT_TOKEN' }), or give it: bearer({ token }).",
    )
  const refuse = (what: string): never => {
    throw new AccessError('access/unauthenticated', what, { challenge: 'Bearer' })
  }
  const missing = { message: () => refuse('The request has no bearer token.') }
  const check = bearerAuth({
    noAuthenticationHeader: missing,
    invalidAuthenticationHeader: missing,
    async verifyToken(sent, c) {
      const wanted = token ?? env<Record<string, string | undefined>>(c)[variable!]
      if (!wanted) refuse(`The variable ${variable} holds no token.`)
      if (await timingSafeEqual(sent, wanted!)) return true
      throw new AccessError('access/forbidden', 'Invalid bearer token.')
    },
  })
  return async (c: Context) => check(c, async () => {})
}

/**
 * A guard that lets only clients of these networks pass.
 *
 * In      networks in CIDR notation or single addresses, IPv4 and IPv6. The client's address is the one by which its
 *         streams are counted: that of the connection, or with `proxies` the entry of X-Forwarded-For that they added.
 * Out     403 for others, and when the address is not known.
 * Throws  ConfigError for a network that cannot be read, or an empty list: now, not at a request.
 *
 * @example mount(app, { guards: [ipAllow(['10.0.0.0/8', '::1'])] }, stream({ path: '/inside' }, async function* () {}))
 */
export function ipAllow(networks: readonly string[]): Guard {
  const addressOf = (c: Context): string => settingsOf(c).connection(c).address ?? ''
  const hint = 'Write 10.0.0.0/8, 192.168.1.7 or 2001:db8::/32.'
  if (networks.length === 0) throw invalid('ipAllow() got an empty list.', hint)
  for (const network of networks) {
    try {
      // Hono would take `*` as well, and leave out what follows a second slash.
      if (!/^[\da-f.:]+(?:\/\d+)?$/i.test(network)) throw new TypeError('No address.')
      ipRestriction(addressOf, { allowList: [network] })
    } catch (cause) {
      throw invalid(`ipAllow(): ${JSON.stringify(network)} is no network.`, hint, cause)
    }
  }
  const check = ipRestriction(addressOf, { allowList: [...networks] })
  return (c: Context) => check(c, async () => {}).catch(() => refuseAddress(addressOf(c)))
}

function refuseAddress(address: string): never {
  const isKnown = address !== '' && address !== UNKNOWN_ADDRESS
  const what = isKnown
    ? `The address ${address} is in none of the allowed networks.`
    : 'The address of the client is not known, so it is in none of the allowed networks.'
  const hint = isKnown
    ? 'Behind a proxy, say how many there are: swapstream({ proxies: 1 }).'
    : 'Each proxy has to add the address it was called from to X-Forwarded-For, and swapstream({ proxies }) is their number.'
  throw new AccessError('access/forbidden', what, { hint })
}

function invalid(what: string, hint: string, cause?: unknown): ConfigError {
  return new ConfigError('config/invalid', what, { hint, cause })
}
