import type { Context } from 'hono'
import { env } from 'hono/adapter'
import { AccessError, ConfigError } from '../../shared/errors.ts'
import type { Guard } from './guard.ts'

/** Where the token stands. */
export type BearerOptions =
  | { readonly token: string; readonly env?: never }
  /** An environment variable, read at each request: a token can be changed without a restart. */
  | { readonly env: string; readonly token?: never }

/**
 * A guard that wants `Authorization: Bearer <token>`.
 *
 * Out     401 without a token, or when the variable is missing or empty; 403 for a wrong one.
 * Cost    two digests; the time does not depend on how much of a token is right.
 * Throws  ConfigError when neither a token nor a variable is named.
 *
 * @example mount(app, stream({ path: '/chat', auth: true, guards: [bearer({ env: 'CHAT_TOKEN' })] }, async function* () {}))
 */
export function bearer(options: BearerOptions): Guard {
  const { token, env: variable } = options ?? {}
  if (!(token || variable)) {
    throw new ConfigError('config/invalid', 'bearer() has no token to compare with.', {
      hint: "Name the variable that holds it, bearer({ env: 'CHAT_TOKEN' }), or give it: bearer({ token }).",
    })
  }
  return async function bearerGuard(c: Context) {
    const wanted = token ?? env<Record<string, string | undefined>>(c)[variable!]
    const given = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (!wanted || given === undefined) {
      throw new AccessError(
        'access/unauthenticated',
        wanted ? 'The request has no bearer token.' : `The variable ${variable} holds no token.`,
        { challenge: 'Bearer' },
      )
    }
    if (!(await same(given, wanted))) {
      throw new AccessError('access/forbidden', 'The bearer token is a wrong one.')
    }
    return true
  }
}

/** Compares digests, which are of one length and tell nothing about what is alike before them. */
async function same(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([digest(a), digest(b)])
  let difference = 0
  for (let at = 0; at < first.length; at++) difference |= first[at]! ^ second[at]!
  return difference === 0
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}
