import { type Cost, costOf, NO_COST } from './cost.ts'
import type { Parser } from './parser.ts'
import { newRenderState } from './render-state.ts'
import { withoutUndecided } from './tail.ts'

/** How often the stable prefix is rendered again for a link's sake. After that, only the whole text has the address. */
const MAX_RERENDERS = 16

/**
 * A function from all the text so far to all its HTML, which remembers the part that stays as it is.
 *
 * In      the text as it is now; a text that does not begin with the one before is another text.
 * Cost    follows the tail alone, not what stands before it.
 */
export function growing(parser: Parser): (text: string) => string {
  let before = ''
  let prefix = new StablePrefix(parser)
  return (text) => {
    // Much faster than `startsWith`.
    if (text.slice(0, before.length) !== before) prefix = new StablePrefix(parser)
    before = text
    return prefix.render(text)
  }
}

/**
 * The beginning of a growing text that no later text can change.
 *
 * It ends where the last block of the complete lines begins. Half a line misleads: `2.` looks like a word until its blank
 * comes, and would end a list.
 */
class StablePrefix {
  readonly #parser: Parser
  /** Where it ends. */
  #end = 0
  #html = ''
  #cost: Cost = NO_COST
  #state = newRenderState()
  /** How far the search for its next end has looked. */
  #searched = 0
  /** A link in it may have got its address after it was rendered. */
  #isStale = false
  #rerenders = 0
  /** From the limit on, all is plain text. */
  #limit: { readonly at: number; readonly html: string } | undefined

  constructor(parser: Parser) {
    this.#parser = parser
  }

  render(text: string): string {
    this.#limit ??= this.#limitOf(text)
    if (this.#limit) return this.#limit.html + this.#parser.plain(text.slice(this.#limit.at))
    this.#extend(text, this.#nextEnd(text))
    return this.#html + this.#tailOf(text)
  }

  #limitOf(text: string): { at: number; html: string } | undefined {
    const at = costOf(text, this.#cost, this.#end)
    if (typeof at !== 'number') return undefined
    return { at, html: this.#parser.render(text.slice(0, at), newRenderState()) }
  }

  /** Where the last block of the complete lines begins. */
  #nextEnd(text: string): number {
    // A CR at the very end may be half of a line break.
    const tail = text.slice(this.#end)
    const end =
      this.#end + Math.max(tail.lastIndexOf('\n'), tail.lastIndexOf('\r', tail.length - 2)) + 1
    // In a long block the search waits until the block has grown by a part of itself: so all searches together cost as
    // much as a few of the last one, and not as many as there are lines.
    const isSoon = end - this.#searched < (this.#searched - this.#end) / 16
    if (end <= this.#searched || isSoon) return this.#end
    this.#searched = end
    const lines = tail.slice(0, end - this.#end)
    const line = this.#parser.lastBlockLine(lines.replace(/\r\n?/g, '\n'))
    return this.#end + offsetOfLine(lines, line)
  }

  #extend(text: string, end: number): void {
    const added = text.slice(this.#end, end)
    if (added.includes(']:') && text.slice(0, this.#end).includes('[')) this.#isStale = true
    this.#cost = costOf(added, this.#cost) as Cost
    this.#end = end
    if (this.#isStale && this.#rerenders < MAX_RERENDERS) {
      this.#isStale = false
      this.#rerenders += 1
      this.#state = newRenderState()
      this.#html = this.#parser.render(text.slice(0, end), this.#state)
    } else if (added !== '') this.#html += this.#parser.render(added, this.#state)
  }

  #tailOf(text: string): string {
    // A copy: a definition of which half is written would be kept, and the first one of a label wins.
    const references = { ...this.#state.references }
    const state = { ...this.#state, references, isTail: true }
    return this.#parser.render(withoutUndecided(text.slice(this.#end)), state)
  }
}

function offsetOfLine(text: string, line: number): number {
  const breaks = /\r\n?|\n/g
  for (let seen = 0; seen < line; seen++) breaks.exec(text)
  return breaks.lastIndex
}
