import type { Context, MiddlewareHandler, Next } from 'hono'
import { AccessError } from '../../shared/errors.ts'
import { told } from './told.ts'

/** What a guard says: nothing or true lets pass, false is 401, a Response is the answer. */
export type GuardAnswer = boolean | void | Response

/**
 * Decides from the request alone whether it may pass: a function of the context, or any Hono middleware.
 *
 * @example mount(app, { guards: [(c) => c.req.header('x-team') === 'blue'] }, stream({ path: '/blue' }, async function* () {}))
 */
export type Guard = (c: Context, next: Next) => GuardAnswer | Promise<GuardAnswer>

/** A guard as the middleware it stands for. What takes `next` is one already. */
export function toMiddleware(guard: Guard): MiddlewareHandler {
  if (guard.length > 1) return guard as MiddlewareHandler
  const decide = guard as (c: Context) => unknown
  return async (c, next) => {
    const answer = await told(c, async () => {
      const said = await decide(c)
      if (said === undefined || said === true) return undefined
      if (said instanceof Response) return said
      // Anything else that is no clear yes is a no, also from guards that no compiler has checked.
      throw new AccessError('access/unauthenticated', 'A guard let the request not pass.')
    })
    if (answer) return answer
    await next()
  }
}
