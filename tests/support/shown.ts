import { serialize } from 'parse5'
import { FramedPage, type Destination } from 'swapstream/testing'

interface Told {
  readonly event?: string | undefined
  readonly data: string
}

/** What a page is lent while a stream goes on: nothing of it is seen. */
const LENT =
  /<template id="s\d\w{3}e?"><\/template>|<\/?swap-(?:frame|text)>|<swap-resume [^>]*><\/swap-resume>/g

const PAGE = '<div id="answer"></div>'

/**
 * What a page shows in an element after each frame of a stream, as HTML without what it was lent.
 */
export function shownAfterEach(
  events: readonly Told[],
  { page = PAGE, at = '#answer', ...destination }: Partial<Destination> & Place = {},
): string[] {
  const framed = framedPage(page, destination)
  const frames = events.filter(({ event }) => event === undefined)
  return frames.map(({ data }) => {
    framed.apply(data)
    const element = framed.find(at)
    return element === undefined ? '' : serialize(element).replace(LENT, '')
  })
}

/** What is in an element when a stream is over, exactly: nothing that was lent may be left in the page. */
export function shownAtEnd(
  events: readonly Told[],
  { page = PAGE, at = '#answer', ...destination }: Partial<Destination> & Place = {},
): string {
  const framed = framedPage(page, destination)
  for (const { event, data } of events) if (event === undefined) framed.apply(data)
  if (framed.html.search(LENT) >= 0) throw new Error(`left in the page: ${framed.html}`)
  const element = framed.find(at)
  return element === undefined ? '' : serialize(element)
}

interface Place {
  readonly page?: string
  /** The element that is looked at. */
  readonly at?: string
}

/** In htmx 2 a frame that only says where it goes would empty a target whose content is swapped. */
function framedPage(page: string, destination: Partial<Destination>): FramedPage {
  const swap = destination.htmx === 2 ? 'beforeend' : 'innerHTML'
  return new FramedPage(page, { target: '#answer', swap, ...destination })
}
