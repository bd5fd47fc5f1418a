import { escapeHtml } from '../shared/escape-html.ts'

/** Where the subscriber of a run goes on when its connection ends early, and what its page has of it. */
export interface ResumePoint {
  /** Where the run is found. */
  readonly path: string
  /** The stream id: frames of the next connection go to the same place. */
  readonly at: string
  /** The position up to which the page has what is no state. */
  readonly after?: string | undefined
  /** The id of the element that the main block goes to, as long as it is not there. */
  readonly to?: string | undefined
}

/**
 * The stream id of the connection before, as the address of a client that comes back says; anything else is ignored.
 *
 * @example resumedAt('s1x9c') // → 's1x9c'
 * @example resumedAt('body') // → undefined
 */
export function resumedAt(at: string = ''): string | undefined {
  return /^s\d\w{3}$/.test(at) ? at : undefined
}

/**
 * The id of an element, as a client names it; anything else is ignored.
 *
 * @example plainId('answer') // → 'answer'
 * @example plainId('x"><script>') // → undefined
 */
export function plainId(id: string = ''): string | undefined {
  return /^[A-Za-z_][\w-]*$/.test(id) ? id : undefined
}

/** The id of the reconnect element. */
export function resumeId(at: string): string {
  return `${at}r`
}

/**
 * An element at the end of the page that opens the run when the request that streams it has ended: by its end alone
 * nothing tells whether that was the answer's. The last frame takes the element away, so after a good end it never asks.
 * What cannot be reached is tried again.
 *
 * @param source The id of the element that asks. Without one, the end of any stream of the page counts.
 */
export function reconnectElement(point: ResumePoint, source: string | undefined): string {
  return `<div hx-swap-oob="beforeend:body"><swap-resume ${attributesOf(point, source)}></swap-resume></div>`
}

/** The same once more, where the page has come further. */
export function reconnectAgain(point: ResumePoint, source: string | undefined): string {
  const place = `hx-swap-oob="outerHTML:#${resumeId(point.at)}"`
  return `<swap-resume ${place} ${attributesOf(point, source)}></swap-resume>`
}

/** For htmx 2, which cannot read a stream that answers a form: its extension opens the run beside the block. */
export function handOff(point: ResumePoint): string {
  return `<div id="${resumeId(point.at)}" hx-ext="sse" sse-connect="${addressOf(point)}" sse-swap="message" sse-close="done" hx-swap="none" hidden></div>`
}

/** Removes the reconnect element: there is nothing more. */
export function reconnectOver(at: string): string {
  return `<p hx-swap-oob=delete:#${resumeId(at)}>`
}

function attributesOf(point: ResumePoint, source: string | undefined): string {
  const id = plainId(source)
  const from = id === undefined ? 'body' : `#${id}`
  return `id="${resumeId(point.at)}" hx-sse:connect="${addressOf(point)}" hx-trigger="htmx:sse:close from:${from}, htmx:error delay:1s" hx-sse:close="done" hx-swap="none" hidden`
}

function addressOf({ path, at, after, to }: ResumePoint): string {
  const more = `${after === undefined ? '' : `&after=${after}`}${to === undefined ? '' : `&to=${to}`}`
  return escapeHtml(`${path}?at=${at}${more}`)
}
