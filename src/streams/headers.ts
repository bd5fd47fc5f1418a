import { ConfigError } from '../shared/errors.ts'

/** The server's own: on HTTP/2 some of them end the connection, and a wrong length truncates or hangs. */
const MANAGED = new Set(
  'connection keep-alive proxy-connection transfer-encoding upgrade trailer te'.split(' '),
)

/**
 * The headers of a stream's answer: the typed ones first, then the pairs, repeats kept.
 *
 * Throws  ConfigError `config/invalid` for a header that a stream cannot set, or that no header can be. A content-length
 *         is dropped: it is not known before the end.
 */
export function streamHeaders(
  typed: Readonly<Record<string, string>> = {},
  raw: readonly (readonly [string, string])[] = [],
): Headers {
  const headers = new Headers()
  for (const [name, value] of [...Object.entries(typed), ...raw]) {
    const lower = name.toLowerCase()
    if (lower === 'content-length') continue
    if (MANAGED.has(lower)) {
      const message = `A stream cannot set the header ${JSON.stringify(name)}: the server does.`
      throw new ConfigError('config/invalid', message, { hint: 'Leave it out.' })
    }
    try {
      headers.append(name, value)
    } catch (cause) {
      const message = `${JSON.stringify(name)}: ${JSON.stringify(value)} is no valid header.`
      const hint = 'A header is one line of text without control characters.'
      throw new ConfigError('config/invalid', message, { hint, cause })
    }
  }
  return headers
}
