import type MarkdownIt from 'markdown-it'
import type { Drawing } from './drawing.ts'

const MARK = /^\[(\d{1,4})\](?!\()/
const LONGEST = 7

/**
 * A number in brackets that is defined is a mark of its own: `[1][2]` cites two sources, where Markdown would read one
 * link from the first to the second.
 */
export function addMarks(md: InstanceType<typeof MarkdownIt>): void {
  md.inline.ruler.before('link', 'mark', (state, silent) => {
    const [mark, label] = MARK.exec(state.src.slice(state.pos, state.pos + LONGEST)) ?? []
    if (mark === undefined || label === undefined || state.linkLevel > 0) return false
    const definition = (state.env as Drawing).references[label]
    if (definition === undefined) return false
    if (!silent) {
      const { href, title } = definition
      state.push('link_open', 'a', 1).attrs = [
        ['href', href],
        ...(title ? [['title', title] as [string, string]] : []),
      ]
      state.push('text', '', 0).content = label
      state.push('link_close', 'a', -1)
    }
    state.pos += mark.length
    return true
  })
}
