import { Hono, type Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { accepts, htmxRequest } from '../htmx/request.ts'
import { isRunId, newRunId } from '../runs/ids.ts'
import type { Runs } from '../runs/runs.ts'
import { EventStream, type EventStreamOptions } from '../streams/event-stream.ts'
import { withHttpErrors } from './problem.ts'
import { settingsOf } from './settings.ts'

const COOKIE = 'swapstream-owner'

/**
 * Who this browser is, as far as runs go: a random word in a cookie that no script can read. It is made when it is
 * asked for first; over TLS, also in front of a proxy of ours, it is sent over TLS only. Where people sign in, take their id instead: then they find their runs on all their devices.
 *
 * @example app.post('/stop', async (c) => { await runs.stop(await c.req.text(), { owner: ownerOf(c) }); return c.body(null, 204) })
 */
export function ownerOf(c: Context): string {
  const known = getCookie(c, COOKIE)
  if (known !== undefined && isRunId(known)) return known
  const owner = newRunId()
  const secure = new URL(c.req.url).protocol === 'https:' || settingsOf(c).connection(c).secure
  setCookie(c, COOKIE, owner, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    secure: secure ?? false,
  })
  return owner
}

/** Who may ask for runs, and how they are shown. */
export interface RunRoutesOptions {
  /** Who asks; nobody, when nothing is given back. Default `ownerOf`. */
  readonly owner?: (c: Context) => string | undefined | Promise<string | undefined>
  /** How the runs are shown. Default: as fragments of the page. */
  readonly stream?: EventStreamOptions
}

/**
 * The two routes of runs: GET `/:id` shows one, from where the reader was; POST `/:id/stop` stops it.
 *
 * Out     404 for an id that is unknown, or somebody else's; 204 for a stop, and to the form of a page without scripts
 *         the way back to that page.
 * Throws  in its handlers HTTPException with the answer in it, as the middleware does.
 *
 * @example app.route('/runs', runRoutes(createRuns()))
 */
export function runRoutes(
  runs: Runs,
  { owner = ownerOf, stream = {} }: RunRoutesOptions = {},
): Hono {
  // Nobody owns a run under the empty name.
  const who = async (c: Context): Promise<string> => (await owner(c)) ?? ''
  const routes = new Hono()
  routes.get('/:id', async (c) => {
    const run = runs.subscribe(c.req.param('id'), { owner: await who(c) })
    return new EventStream(run, stream)
  })
  routes.post('/:id/stop', async (c) => {
    await withHttpErrors(c, async () => runs.stop(c.req.param('id'), { owner: await who(c) }))
    const page = pageOfForm(c)
    return page === undefined ? c.body(null, 204) : c.redirect(page, 303)
  })
  return routes
}

/** The page of this site whose form a browser has sent by itself. */
function pageOfForm(c: Context): string | undefined {
  const { headers } = c.req.raw
  const referer = headers.get('referer') ?? ''
  if (htmxRequest(headers).fragment || !accepts(headers, 'text/html')) return undefined
  const isOurs = URL.canParse(referer) && new URL(referer).host === new URL(c.req.url).host
  return isOurs ? referer : undefined
}
