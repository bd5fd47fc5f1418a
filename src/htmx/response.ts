import { isSafeUrl } from '../shared/escape-html.ts'

/** Instructions for htmx beside the HTML of a whole answer; of a stream htmx does not read them. */
export interface HtmxHeaders {
  /** The browser goes there, as by a link. A 3xx would be followed unseen, so send it with 200 or 204. */
  readonly redirect?: string
  /** htmx fetches that page and swaps it in, without loading anew. */
  readonly location?: string
  /** The browser loads the page again. */
  readonly refresh?: boolean
  /** Where the answer goes, whatever the element says: a CSS selector. */
  readonly retarget?: string
  /** How it goes there. */
  readonly reswap?: string
  /** Which part of the answer is taken: a CSS selector. */
  readonly reselect?: string
  /** A new entry in the history; `false` for none. */
  readonly pushUrl?: string | false
  /** Another address for the present one; `false` to leave it. */
  readonly replaceUrl?: string | false
  /** An event for the element that asked: its name, or names with what they carry. */
  readonly trigger?: string | Readonly<Record<string, unknown>>
}

/**
 * The status that ends the polling of htmx 2. For htmx 4 it is a 200 like others: swap the polling element away.
 *
 * @example
 * app.get('/job', () => new Page('chat.html', { text: 'Done.' }, { block: 'response', status: STOP_POLLING }))
 */
export const STOP_POLLING: number = 286

/**
 * The headers that say so, for any answer: a `Page`, `c.html()`, `c.body(null, 204, …)`.
 *
 * Out     an address is never read as more than that: where htmx would find settings in it, it goes out as JSON. Letters
 *         beyond ASCII go out escaped, in addresses and in selectors.
 * Throws  TypeError for a URL that would run as a script, for a selector or an event that no header can hold.
 *
 * @example htmxHeaders({ trigger: 'cart:changed' }) // → { 'HX-Trigger': 'cart:changed' }
 * @example htmxHeaders({ redirect: '/grüße', refresh: false }) // → { 'HX-Redirect': '/gr%C3%BC%C3%9Fe' }
 * @example app.post('/seen', (c) => c.body(null, 204, htmxHeaders({ trigger: { 'inbox:seen': { count: 3 } } })))
 */
export function htmxHeaders(options: HtmxHeaders): Record<string, string> {
  const { redirect, location, refresh, retarget, reswap, reselect, trigger } = options
  const { pushUrl, replaceUrl } = options
  return {
    ...(redirect !== undefined && { 'HX-Redirect': toUrl(redirect) }),
    ...(location !== undefined && { 'HX-Location': toLocation(location) }),
    ...(refresh && { 'HX-Refresh': 'true' }),
    ...(retarget !== undefined && { 'HX-Retarget': toSelector(retarget) }),
    ...(reswap !== undefined && { 'HX-Reswap': toLine(reswap) }),
    ...(reselect !== undefined && { 'HX-Reselect': toSelector(reselect) }),
    ...(pushUrl !== undefined && { 'HX-Push-Url': toEntry(pushUrl) }),
    ...(replaceUrl !== undefined && { 'HX-Replace-Url': toEntry(replaceUrl) }),
    ...(trigger !== undefined && { 'HX-Trigger': toTrigger(trigger) }),
  }
}

/** Leads to another page: htmx gets its own header, since it would not see a redirect; a browser gets 303. */
export function wayTo(
  url: string,
  htmx: boolean,
): { status: number; headers: Record<string, string> } {
  return htmx
    ? { status: 204, headers: htmxHeaders({ redirect: url }) }
    : { status: 303, headers: { Location: toUrl(url) } }
}

/** htmx reads settings here, such as `target:#menu`: behind a comma, in a first word `path:`, in JSON. */
function toLocation(url: string): string {
  const path = toUrl(url)
  return /^(?:[/?#]|https?:)[^,"']*$/i.test(path) ? path : JSON.stringify({ path })
}

/** htmx reads these words as yes and no. */
function toEntry(url: string | false): string {
  return url === 'true' || url === 'false' ? `./${url}` : toUrl(String(url))
}

/** As a header can hold it: every other character becomes its bytes. */
function toUrl(url: string): string {
  if (!isSafeUrl(url)) {
    const hint =
      'Give an address of this site, or one that begins with https:, http:, mailto: or tel:.'
    throw new TypeError(`htmx cannot be sent to ${JSON.stringify(url)}. ${hint}`)
  }
  const escaped = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return url.replace(/[^\x21-\x7a\x7e]+/g, (text) =>
    Array.from(new TextEncoder().encode(text), escaped).join(''),
  )
}

/** As a header can hold it: CSS writes every other character by its number. */
function toSelector(selector: string): string {
  const escaped = (character: string): string => `\\${character.codePointAt(0)!.toString(16)} `
  return toLine(selector.replace(/[^\0-\x7f]/gu, escaped))
}

function toLine(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  const what = JSON.stringify(text)
  throw new TypeError(
    `${what} cannot be sent to htmx: a header is one line of ASCII. Leave line breaks and control characters out.`,
  )
}

function toTrigger(trigger: NonNullable<HtmxHeaders['trigger']>): string {
  if (typeof trigger !== 'string')
    return JSON.stringify(trigger, nothingAsNull).replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  if (/^[\w:.-]+$/.test(trigger)) return trigger
  throw new TypeError(
    `${JSON.stringify(trigger)} is no name of an event, such as "cart:changed". Give several as an object, such as { saved: {}, 'cart:changed': {} }.`,
  )
}

/** JSON leaves out what carries nothing, and the event with it. */
const nothingAsNull = (_name: string, value: unknown): unknown => value ?? null
