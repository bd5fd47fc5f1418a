/** Scripts, styles and requests from this origin only; images also as data. htmx and its extension need no more. */
export const STRICT_CSP: string = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Adds what is missing; what a handler or another middleware has set stays. */
export function addSecurityHeaders(headers: Headers, csp: string | false): void {
  const add = (name: string, value: string): void => {
    if (!headers.has(name)) headers.set(name, value)
  }
  add('X-Content-Type-Options', 'nosniff')
  add('Referrer-Policy', 'strict-origin-when-cross-origin')
  if (csp !== false && headers.get('content-type')?.startsWith('text/html')) {
    add('Content-Security-Policy', csp)
  }
}
