import { Hono, type Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { accepts, htmxRequest } from '../htmx/request.ts'
import type { Runs } from '../runs/runs.ts'
import { EventStream, type EventStreamOptions } from '../streams/event-stream.ts'
import { withHttpErrors } from './problem.ts'
import { settingsOf } from './settings.ts'
import { isRunId, newRunId } from '../runs/log.ts'

const COOKIE = 'swapstream-owner'

/**
 * Identifies who owns runs: the person that `swapstream({ owner })` names, otherwise the browser by a random cookie.
 *
 * No script can read the cookie. It is set when it is first asked for; over TLS, also behind a proxy of yours, it is sent
 * over TLS only. Where `owner` is set, a guest's id begins with `guest:`, so that no cookie can name a person.
 *
 * @example app.post('/stop', async (c) => { await runs.stop(await c.req.text(), { owner: ownerOf(c) }); return c.body(null, 204) })
 */
export function ownerOf(c: Context): string {
  const { owner, connection } = settingsOf(c)
  const person = owner?.(c)
  if (person) return person
  const guest = owner ? 'guest:' : ''
  const known = getCookie(c, COOKIE)
  if (known !== undefined && isRunId(known)) return guest + known
  const id = newRunId()
  const secure = new URL(c.req.url).protocol === 'https:' || connection(c).secure
  setCookie(c, COOKIE, id, { httpOnly: true, sameSite: 'Lax', path: '/', secure: !!secure })
  return guest + id
}

/** The owner of the runs, and how they are shown. */
export interface RunRoutesOptions {
  /** The owner that asks; without one, no run is found. Default `ownerOf`. */
  readonly owner?: (c: Context) => string | undefined | Promise<string | undefined>
  /** How the runs are shown. Default: as fragments of the page. */
  readonly stream?: EventStreamOptions
}

/**
 * Creates the two routes of runs: GET `/:id` shows one, POST `/:id/stop` stops it.
 *
 * Out     404 for an unknown run or one of another owner; 204 for a stop, and a redirect back to the page for a form
 *         that is sent without scripts.
 * Throws  in its handlers HTTPException with the response in it, as the middleware does.
 *
 * @example app.route('/runs', runRoutes(createRuns()))
 */
export function runRoutes(
  runs: Runs,
  { owner = ownerOf, stream = {} }: RunRoutesOptions = {},
): Hono {
  // No run has an empty owner.
  const ownerIn = async (c: Context): Promise<string> => (await owner(c)) ?? ''
  const routes = new Hono()
  routes.get('/:id', async (c) => {
    const run = runs.subscribe(c.req.param('id'), { owner: await ownerIn(c) })
    return new EventStream(run, stream)
  })
  routes.post('/:id/stop', async (c) => {
    await withHttpErrors(c, async () => runs.stop(c.req.param('id'), { owner: await ownerIn(c) }))
    const { headers } = c.req.raw
    const page = headers.get('referer') ?? ''
    // A form without scripts goes back to its page, if that is one of this site.
    const isForm = accepts(headers, 'text/html') && !htmxRequest(headers).fragment
    const isOurs = URL.canParse(page) && new URL(page).host === new URL(c.req.url).host
    return isForm && isOurs ? c.redirect(page, 303) : c.body(null, 204)
  })
  return routes
}
