import { AccessError, ConfigError } from '../shared/errors.ts'
import { isFromHtmx } from '../htmx/request.ts'

/**
 * Refuses requests that another site makes a browser send: a stream costs money, and a browser adds the cookies.
 *
 * `Sec-Fetch-Site` is set by the browser itself; an `Origin` has to name this host. `Origin: null` hides where a page came
 * from (Referrer-Policy: no-referrer): then the browser's own word decides. Over plain HTTP browsers do not give it: a
 * request with cookies needs a `Referer` of this host, or the header of htmx, which another site cannot send. A client
 * without cookies may pass.
 *
 * Throws  AccessError `access/cross-site`.
 */
export function guardOrigin(headers: Headers, url: string, allowed: readonly string[]): void {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (origin !== null && allowed.includes(origin)) return
  if (site === 'cross-site' || site === 'same-site')
    refuse(`The request came from a page of another site (Sec-Fetch-Site: ${site}).`, PROXY)
  const isOwn = site === 'same-origin' || site === 'none'
  const host = (headers.get('host') ?? new URL(url).host).toLowerCase()
  if (origin === 'null') {
    if (isOwn) return
    refuse('The page that sent the request hides its origin (Origin: null).', HIDDEN)
  }
  if (origin !== null) {
    if (names(origin, host)) return
    const other = `${JSON.stringify(origin)}, which is not this host, ${JSON.stringify(host)}`
    refuse(`The request came from the origin ${other}.`, PROXY)
  }
  if (isOwn || !headers.has('cookie') || isFromHtmx(headers)) return
  const referer = headers.get('referer')
  if (referer === null) refuse(NO_ORIGIN)
  if (names(referer, host)) return
  refuse(`The request came from another site, ${JSON.stringify(referer)} (Referer).`, PROXY)
}

const PROXY =
  'Let the proxy pass the Host header on, or name the other origin in swapstream({ allowedOrigins }).'
const HIDDEN =
  'Its Referrer-Policy is likely no-referrer, as secureHeaders() sets it: same-origin and strict-origin-when-cross-origin do not hide it.'
const NO_ORIGIN =
  'The request has cookies, but neither Origin nor Referer. A script sends Origin with the address of this server, or a token and no cookies.'

/** True for an address on a host. Some proxies write the port that browsers leave out: `app.test:443`. */
function names(address: string, host: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  const own = `${url.protocol}//${host}`
  return url.host === (URL.canParse(own) ? new URL(own).host : host)
}

/**
 * The origins of an option as browsers write them: without a path, in lower case.
 *
 * Throws  ConfigError `config/invalid` for what is no origin.
 */
export function readOrigins(written: readonly string[]): readonly string[] {
  return written.map((each) => {
    const origin = URL.canParse(each) ? new URL(each).origin : 'null'
    if (origin !== 'null' && !origin.includes('*')) return origin
    // Extensions and apps have schemes of their own.
    if (each === 'null' || /^[a-z][a-z\d+.-]*:\/\/[^/\s*]+$/.test(each)) return each
    const hint = 'Write the scheme and the host of each, such as "https://app.example.com".'
    const what = `allowedOrigins has ${JSON.stringify(each)}, which is no origin.`
    throw new ConfigError('config/invalid', what, { hint })
  })
}

function refuse(message: string, hint?: string): never {
  throw new AccessError('access/cross-site', message, hint === undefined ? {} : { hint })
}
