import { randomBytes, randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
import { HTTPException } from 'hono/http-exception'
import { createMiddleware } from 'hono/factory'

/** Lives as long as the process: after a restart all users log in again. */
const SECRET = randomBytes(32).toString('base64url')

/** `/login?next=/path` starts a session and redirects to a page of this site. */
export const login = new Hono().get('/login', async (c) => {
  await setSignedCookie(c, 'session', randomUUID(), SECRET, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
  })
  return c.redirect(pathOfThisSite(c.req.query('next')), 303)
})

/** Refuses requests without a session, before the handler can start anything. */
export const sessionGuard = createMiddleware(async (c, next) => {
  if (!(await getSignedCookie(c, SECRET, 'session'))) {
    throw new HTTPException(401, { message: 'Log in first.' })
  }
  await next()
})

/**
 * Where a redirect may lead: a path of this site, else the start page.
 *
 * A browser reads `//e` and `/\e` as another host, and takes tabs and line breaks out before it looks; so one slash
 * must be followed by neither, and the rest must be printable.
 *
 * @example pathOfThisSite('/a?b=1') // → '/a?b=1'
 * @example pathOfThisSite('//evil.example') // → '/'
 */
export function pathOfThisSite(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : '/'
}
