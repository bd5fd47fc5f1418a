/** The client of a request, and its use of the answer, by the headers. */
export interface HtmxRequest {
  /** htmx asks, for a part of the page. */
  readonly fragment: boolean
  /** The client reads an event stream: htmx 4 with hx-sse, EventSource, or a script. */
  readonly streams: boolean
  /** The client morphs an element as a whole: htmx 4, by a header that htmx 2 and EventSource do not send. */
  readonly morphs: boolean
  /** htmx 2: it would swap a stream into the page as text, but its extension can open one beside the answer. */
  readonly handedOff: boolean
  /** htmx asks in place of an ordinary link or form, and wants the whole page. */
  readonly boosted: boolean
  /** htmx asks for a page of its history. */
  readonly historyRestore: boolean
  /** The id of the element that the answer goes to. */
  readonly target: string | undefined
  /** The id of the element that asks. */
  readonly source: string | undefined
  /** The address of the page that asks. */
  readonly currentUrl: string | undefined
}

/**
 * Reads the headers of htmx; any client can send them. A boosted link or a restored history entry wants the whole page,
 * although htmx asks for it.
 *
 * @example htmxRequest(new Headers({ accept: 'text/html, text/event-stream' })).streams // → true
 * @example htmxRequest(new Headers({ 'HX-Request': 'true', 'HX-Source': 'form#f', 'HX-Target': 'div#out' })).target // → 'out'
 */
export function htmxRequest(headers: Headers): HtmxRequest {
  const is = (name: string): boolean => headers.get(name) === 'true'
  const boosted = is('HX-Boosted')
  const historyRestore = is('HX-History-Restore-Request')
  const wholePage = boosted || historyRestore || headers.get('HX-Request-Type') === 'full'
  const fragment = isFromHtmx(headers) && !wholePage
  const source = headers.get('HX-Source')
  // htmx 4 names an element as `form#ask`, and says so by its own header; htmx 2 by its bare id.
  const idIn = (element: string | null): string | undefined =>
    (source === null ? element : element?.split('#', 2)[1]) ?? undefined
  return {
    fragment,
    streams: accepts(headers, 'text/event-stream'),
    morphs: headers.has('HX-Request-Type'),
    handedOff: fragment && headers.get('accept') === '*/*',
    boosted,
    historyRestore,
    target: idIn(headers.get('HX-Target')),
    source: idIn(source ?? headers.get('HX-Trigger')),
    currentUrl: headers.get('HX-Current-URL') ?? undefined,
  }
}

/** Tells if htmx asks. A page of another site cannot send this header: its browser would ask this server first. */
export function isFromHtmx(headers: Headers): boolean {
  return headers.get('HX-Request') === 'true'
}

/**
 * Tells if the client asks again by itself when a stream has ended: `hx-sse:connect`, EventSource. Undefined if unknown.
 *
 * @example asksAgain(new Headers({ 'HX-Source': 'div', 'HX-Target': 'div' })) // → true
 */
export function asksAgain(headers: Headers): boolean | undefined {
  const source = headers.get('HX-Source')
  if (source === null) return headers.get('accept') === 'text/event-stream' || undefined
  // An element that connects is its own target; one that a user presses or sends asks once.
  const isPressed = /^(?:a|button|form|input|select|textarea)(?:#|$)/.test(source)
  return !isPressed && source === headers.get('HX-Target')
}

/** Tells if a browser's EventSource asks, which comes back until it is closed or answered with 204. */
export function returnsForEver(headers: Headers): boolean {
  const isAsking = headers.get('accept') === 'text/event-stream'
  return isAsking && headers.get('cache-control') === 'no-cache'
}

/**
 * Tells if htmx 4 chooses a part of the answer (`hx-select`). Its headers are those for a whole page.
 *
 * @example selectsPart(new Headers({ 'HX-Request-Type': 'full', 'HX-Target': 'div#out' })) // → true
 */
export function selectsPart(headers: Headers): boolean {
  const { boosted, historyRestore } = htmxRequest(headers)
  const isFull = headers.get('HX-Request-Type') === 'full' && !boosted && !historyRestore
  return isFull && !/^body(?:#|$)/.test(headers.get('HX-Target') ?? '')
}

/** Tells if the client names this media type (or content coding); a mere wildcard does not. */
export function accepts(headers: Headers, type: string, header: string = 'accept'): boolean {
  return (headers.get(header) ?? '')
    .toLowerCase()
    .split(',')
    .some((range) => {
      const [name, ...parameters] = range.split(';').map((part) => part.trim())
      return name === type && !parameters.some((each) => /^q=0(?:\.0*)?$/.test(each))
    })
}

/** Tells if a person sees the answer: htmx asks for a part of a page, or a browser for a page. */
export function isForPeople(headers: Headers): boolean {
  return htmxRequest(headers).fragment || accepts(headers, 'text/html')
}

/** The headers of htmx 4 with its extension. */
export const STREAMING_REQUEST: Readonly<Record<string, string>> = {
  accept: 'text/html, text/event-stream',
  'hx-request': 'true',
  'hx-request-type': 'partial',
}

/**
 * The script of a page: files of the installed `htmx.org` package, never copies of them. One script and not two: htmx
 * reads the page as soon as it can, and would pass by every `hx-sse:connect` when its extension comes later.
 */
export const HTMX_FILES: readonly string[] = [
  'htmx.org/dist/htmx.min.js',
  'htmx.org/dist/ext/hx-sse.min.js',
]

/** The headers that the answer depends on, for caches. */
export const VARY = 'Accept, HX-Request, HX-Request-Type, HX-Boosted, HX-History-Restore-Request'
export const VARY_BY_TARGET: string = `${VARY}, HX-Target, HX-Source`
