import type { Context } from 'hono'
import { Returned, takeReturned } from '../streams/returned.ts'
import { settingsBehind } from './current-settings.ts'
import type { Settings } from './settings.ts'

/**
 * Before the handler runs: sees to it that the headers that are set before it returns a value of ours are kept.
 *
 * Hono drops them, unless a response exists already; then it wraps the value into a new one, and so does whoever touches
 * it. Where nobody stands between us and the handler, that can wait until we have the value: no body is made for it.
 *
 * @param settings Those of the middleware that asks.
 */
export function awaitValue(c: Context, settings: Settings): void {
  // Asked of the request itself: `hono/route` reads only those of its own copy of Hono, and there may be two.
  const before = c.req.matchedRoutes?.at(-2)?.handler
  if (before === undefined || settingsBehind(before) !== settings) void c.res
}

/** What the handler returned in place of a response; its headers, and those that were set beside it, are in `c.res` then. */
export function takeValue(c: Context): Returned | undefined {
  const { res } = c
  if (!(res instanceof Returned)) return takeReturned(res)
  c.res = undefined
  // Made of what was set before. What is put over it is merged by Hono.
  void c.res
  c.res = { body: null, status: res.status, headers: res.headers } as Response
  return res
}
