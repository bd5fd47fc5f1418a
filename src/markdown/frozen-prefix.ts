import { newDrawing } from './drawing.ts'
import type { GrowingMarkdown } from './growing-markdown.ts'
import { htmlChanges } from './html-changes.ts'
import { withoutUndecided } from './open-end.ts'
import type { Parser } from './parser.ts'
import { Work } from './work.ts'

/** How often the frozen prefix is drawn again for a link's sake. Beyond it, the final update does so once for all. */
const MAX_RESETS = 16

interface Settled {
  readonly settled: string
  readonly reset: boolean
}

/**
 * Keeps the beginning of a growing text that nothing can change any more, the frozen prefix, and draws only the rest.
 *
 * Frozen is what stands before the last block of the complete lines. Half a line misleads: `2.` looks like a word until
 * its blank comes, and would end a list.
 */
export function frozenPrefix(parser: Parser): GrowingMarkdown {
  let text = ''
  let state = start()

  function start() {
    return {
      /** Where the frozen prefix ends. */
      frozen: 0,
      /** What it cost. */
      work: new Work(),
      drawing: newDrawing(),
      /** How far the search for its next end has looked. */
      searched: 0,
      /** The frozen prefix as HTML. */
      html: '',
      /** A link in it may have got its address after it was drawn. */
      defined: false,
      resets: 0,
      /** From here on nothing is read as Markdown. */
      plainFrom: -1,
      /** What was open at the last update. */
      open: '',
    }
  }

  /** Draws up to an index, for good. */
  function freeze(to: number, last: boolean): Settled {
    const { frozen, html, drawing } = state
    const slice = text.slice(frozen, to)
    state.work.add(slice)
    state.frozen = to
    state.searched = Math.max(state.searched, to)
    state.defined ||= slice.includes(']:') && text.slice(0, frozen).includes('[')
    if (!state.defined || (state.resets >= MAX_RESETS && !last)) {
      const settled = slice && parser.draw(slice, drawing)
      state.html += settled
      return { settled, reset: false }
    }
    state.defined = false
    state.resets += 1
    state.drawing = newDrawing()
    state.html = parser.draw(text.slice(0, to), state.drawing)
    const reset = !state.html.startsWith(html)
    return { settled: reset ? state.html : state.html.slice(html.length), reset }
  }

  /** Where the last block of the complete lines begins. */
  function boundary(): number {
    const { frozen, searched } = state
    // A CR at the very end may be half of a line break.
    const tail = text.slice(frozen)
    const end =
      frozen + Math.max(tail.lastIndexOf('\n'), tail.lastIndexOf('\r', tail.length - 2)) + 1
    // In a long block the search waits until the block has grown by a part of itself: so all searches together cost as
    // much as a few of the last one, and not as many as there are lines.
    if (end <= searched || end - searched < (searched - frozen) / 16) return frozen
    state.searched = end
    const lines = tail.slice(0, end - frozen)
    return frozen + offsetOfLine(lines, parser.openLine(lines.replace(/\r\n?/g, '\n')))
  }

  return {
    update(next, { final = false } = {}) {
      // Much faster than `startsWith`.
      const grown = next.slice(0, text.length) === text
      if (!grown) state = start()
      text = next
      if (state.plainFrom < 0) state.plainFrom = state.work.clone().add(text, state.frozen)
      const end = state.plainFrom < 0 ? text.length : state.plainFrom
      const finished = final || end < text.length
      const { settled, reset } = freeze(finished ? end : boundary(), finished)
      const plain = finished ? parser.plain(text.slice(end)) : ''
      const before = state.open
      state.open = finished ? plain : drawOpen()
      const update = { settled, open: state.open, reset: reset || !grown }
      const shown = final ? { ...update, settled: settled + plain, open: '' } : update
      // Whoever saw the text in other pieces may have other addresses in it: at the end he gets all of it.
      const isAnew = update.reset || (final && Object.keys(state.drawing.references).length > 0)
      const changes = isAnew ? undefined : htmlChanges(before, settled + state.open)
      return changes ? { ...shown, changes } : shown
    },
  }

  function drawOpen(): string {
    const { drawing, frozen } = state
    // A copy: a definition of which half is written would be kept, and the first one of a label wins.
    const references = { ...drawing.references }
    const own = newDrawing({ ...drawing, references, open: true })
    return parser.draw(withoutUndecided(text.slice(frozen)), own)
  }
}

function offsetOfLine(text: string, line: number): number {
  const breaks = /\r\n?|\n/g
  for (let seen = 0; seen < line; seen++) breaks.exec(text)
  return breaks.lastIndex
}
