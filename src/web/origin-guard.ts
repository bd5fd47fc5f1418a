import { AccessError } from '../shared/errors.ts'

/**
 * Refuses requests that another site makes a browser send: a stream costs money, and a browser adds the cookies.
 * `Sec-Fetch-Site` is set by the browser itself; `Origin`, where it is there, must agree with `Host`. A client that sends
 * neither is no browser: it may pass, but not with cookies.
 */
export function guardOrigin(headers: Headers, url: string, allowed: readonly string[]): void {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (origin !== null && allowed.includes(origin)) return
  if (site === 'cross-site' || site === 'same-site')
    refuse(`a page of another site (Sec-Fetch-Site: ${site})`)
  if (origin !== null) {
    const host = (headers.get('host') ?? new URL(url).host).toLowerCase()
    if (URL.canParse(origin) && new URL(origin).host === host) return
    refuse(`the origin ${JSON.stringify(origin)}, which is not this host, ${JSON.stringify(host)}`)
  }
  if (site === null && headers.has('cookie'))
    refuse('no origin at all but with cookies, which no browser does')
}

function refuse(from: string): never {
  const hint =
    'Let the proxy pass the Host header on, or name the other origin in swapstream({ allowedOrigins }).'
  throw new AccessError('access/cross-site', `The request came from ${from}.`, { hint })
}
