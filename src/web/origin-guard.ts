import { AccessError } from '../shared/errors.ts'

/**
 * Refuses requests that another site makes a browser send: a stream costs money, and a browser adds the cookies.
 *
 * `Sec-Fetch-Site` is the browser's own word; `Origin` must agree with `Host` as well, whichever of them is there.
 * A client that sends neither is no browser: it may pass, but not with somebody's cookies.
 *
 * Throws  AccessError `access/cross-site`.
 */
export function guardOrigin(headers: Headers, url: string, allowed: readonly string[]): void {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (origin !== null && allowed.includes(origin)) return
  if (site === 'cross-site' || site === 'same-site')
    throw refused(`a page of another site (Sec-Fetch-Site: ${site})`)
  const host = headers.get('host') ?? new URL(url).host
  if (origin !== null) {
    if (hostOf(origin) === host.toLowerCase()) return
    throw refused(
      `the origin ${JSON.stringify(origin)}, which is not this host, ${JSON.stringify(host)}`,
    )
  }
  if (site === null && headers.has('cookie')) {
    throw refused('no origin at all but with cookies, which no browser does')
  }
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined
  }
}

function refused(from: string): AccessError {
  return new AccessError('access/cross-site', `The request came from ${from}.`, {
    hint: 'Let the proxy pass the Host header on, or name the other origin in swapstream({ allowedOrigins }).',
  })
}
