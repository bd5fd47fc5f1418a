import { type DefaultTreeAdapterTypes, parse, serialize } from 'parse5'
import { select } from './client/dom.ts'
import { domText, misplaced } from './client/dom-text.ts'
import { swapMessage } from './client/swap-message.ts'

/** The place of an answer: `hx-target`, `hx-swap` and `hx-select` of the element that asks. */
export interface Destination {
  /** A selector of the target, mostly `#id`. Frames of a feed need none: they say where they go. */
  readonly target?: string
  /** Default `innerHTML`. */
  readonly swap?: string
  /** The wanted elements of the answer. htmx 2 has no such choice in an event stream. */
  readonly select?: string
  /** Which version of htmx reads the frames. Default 4. */
  readonly htmx?: 4 | 2
}

/**
 * The page after htmx has swapped a stream of frames into it, without a browser: for tests of what a stream ends in.
 *
 * In      the page's HTML; the data of unnamed events, in their order.
 * Out     the HTML of the whole page, as a parser and a serializer of the HTML standard see it.
 * Throws  Error for a swap or a selector that this reader does not know, and for an element that ends up in a place
 *         where a browser does not show it: a `<rect>` that is none, because HTML was around it when it was parsed.
 *
 * @example
 * const page = '<body><div id="answer"></div></body>'
 * applyFrames(page, ['<p id="s1">Hel</p>', '<p hx-swap-oob="outerHTML:#s1">Hello</p>'], { target: '#answer' })
 * // → '<html><head></head><body><div id="answer"><p>Hello</p></div></body></html>'
 */
export function applyFrames(
  page: string,
  frames: Iterable<string>,
  destination: Destination = {},
): string {
  const framed = new FramedPage(page, destination)
  for (const frame of frames) framed.apply(frame)
  return framed.html
}

/**
 * A page into which frames are swapped one by one, to look at it after each.
 *
 * Throws  from `apply`, as `applyFrames` does.
 *
 * @example
 * const page = new FramedPage('<p id="answer"></p>', { target: '#answer' })
 * page.apply('Hel')
 * page.apply('<p hx-swap-oob="beforeend:#answer">lo').dom('#answer') // → '"Hello"'
 */
export class FramedPage {
  readonly #document: DefaultTreeAdapterTypes.Document
  readonly #destination: Destination
  /** htmx 4 looks the target up once: what replaces it later gets no more frames. */
  readonly #main: DefaultTreeAdapterTypes.Element | undefined

  constructor(page: string, destination: Destination = {}) {
    this.#document = parse(page)
    this.#destination = destination
    this.#main = this.#findTarget()
  }

  /** Swaps the data of one unnamed event into the page. */
  apply(frame: string): this {
    const { swap = 'innerHTML', select: part, htmx = 4 } = this.#destination
    const main = htmx === 4 ? this.#main : this.#findTarget()
    swapMessage(this.#document, main, frame, { htmx, swap, select: part })
    const wrong = misplaced(this.#document)
    if (wrong !== undefined) throw new Error(wrong)
    return this
  }

  #findTarget(): DefaultTreeAdapterTypes.Element | undefined {
    const { target } = this.#destination
    return target === undefined ? undefined : this.find(target)
  }

  /** The whole page as HTML. Namespaces do not show in it. */
  get html(): string {
    return serialize(this.#document)
  }

  /** The content of an element, or of the whole page, as `domText` writes it; empty without such an element. */
  dom(selector?: string): string {
    const root = selector === undefined ? this.#document : this.find(selector)
    return root ? domText(root) : ''
  }

  /** The first element that a selector means, as a tree of parse5. */
  find(selector: string): DefaultTreeAdapterTypes.Element | undefined {
    return select(this.#document, selector)[0]
  }
}
