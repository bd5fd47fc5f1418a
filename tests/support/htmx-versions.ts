import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Hono } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { DOM_SCRIPT } from './browser-dom.ts'

const { resolve } = createRequire(import.meta.url)

const FILES = {
  '4.0.1': ['htmx.org/dist/htmx.js', 'htmx.org/dist/ext/hx-sse.js'],
  '2.0.11': ['htmx2/dist/htmx.js', 'htmx-ext-sse/sse.js'],
  '2.0.10': ['htmx210/dist/htmx.js', 'htmx-ext-sse/sse.js'],
} as const

/** The versions of htmx that a stream is made for. */
export type HtmxVersion = keyof typeof FILES
export const HTMX_VERSIONS = Object.keys(FILES) as HtmxVersion[]

/** What our frames have to know of a version. */
export const dialectOf = (version: HtmxVersion): 4 | 2 => (version === '4.0.1' ? 4 : 2)

/** A swap that a version does as its event stream extension would. */
const SWAP = {
  4: `(target, text, swap, select) => htmx.swap({ target, text, swap: swap + ' swapEmpty:false', select, sourceElement: document.body })`,
  2: `(target, text, swap) => htmx.swap(target, text, { swapStyle: swap, swapDelay: 0, settleDelay: 0 }, { contextElement: document.body })`,
} as const

/** What the script of a version adds to a page's window. */
export interface HtmxWindow {
  readonly htmx: { process(element: Element): void }
  domOf(selector: string): string
  framedDomOf(selector: string): string
  swapAsExtensionsDo(
    target: Element | null,
    text: string,
    swap: string,
    select?: string | null,
  ): unknown
}

/** Serves each version with its extension, and what tests ask of a page. */
export function serveHtmx(app: Hono): void {
  app.get('/htmx/:version', (c) => {
    const version = c.req.param('version') as HtmxVersion
    const files = FILES[version].map((file) => readFileSync(resolve(file), 'utf8'))
    // Each partial of htmx 2 settles by a timer of its own.
    const settle = dialectOf(version) === 2 ? 'htmx.config.defaultSettleDelay = 0' : ''
    const swap = `window.swapAsExtensionsDo = ${SWAP[dialectOf(version)]}`
    return c.body([...files, settle, swap, DOM_SCRIPT].join(';\n'), 200, {
      'content-type': 'text/javascript',
    })
  })
}

/** A page that reads streams with a version of htmx. */
export function htmxPage(version: HtmxVersion, body: string, head: string = ''): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">${head}<script src="/htmx/${version}"></script></head><body>${body}</body></html>`
}

/**
 * Opens a stream in a page as its version of htmx can: htmx 4 by a form, htmx 2 by an element that connects.
 *
 * @param swap How the first frame enters `#answer`.
 */
export async function openStream(
  tab: Tab,
  version: HtmxVersion,
  path: string,
  swap: string = 'beforeend',
): Promise<void> {
  const html =
    version === '4.0.1'
      ? `<form hx-post="${path}" hx-target="#answer" hx-swap="${swap}"></form>`
      : `<div hx-ext="sse" sse-connect="${path}" sse-swap="message" sse-close="done" hx-swap="${swap}" hx-target="#answer"></div>`
  await tab.evaluate((text) => {
    document.querySelector('#asks')?.remove()
    const asks = Object.assign(document.createElement('div'), { id: 'asks', innerHTML: text })
    document.body.append(asks)
    ;(window as unknown as HtmxWindow).htmx.process(asks)
    asks.querySelector('form')?.requestSubmit()
  }, html)
}
