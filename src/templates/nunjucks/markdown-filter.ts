import type { Markdown } from '../../markdown/markdown.ts'
import type { BlockContext } from './block-context.ts'
import { safeHtml, type SafeHtml } from './safe-html.ts'

/** A text that grew from one render of a block to the next. */
interface Followed {
  text: string
  readonly toHtml: (text: string) => string
}

/** Texts of one block that are followed at once; the one that was left alone longest is forgotten. */
const MAX_FOLLOWED = 8

/**
 * The filter `markdown`.
 *
 * While `streaming` is true, the variable of `streamToFragments`, the text grows: what its end has begun is finished, and
 * only its last block is rendered anew. Otherwise the text is whole, and nothing but the text decides what comes out.
 */
export function markdownFilter(
  markdown: Markdown,
): (this: BlockContext, value: unknown) => SafeHtml {
  const followed = new WeakMap<BlockContext, Followed[]>()

  return function (value) {
    const text = value === undefined || value === null ? '' : String(value)
    if (this.lookup('streaming') !== true) {
      followed.delete(this)
      return safeHtml(markdown.render(text))
    }
    const texts = followed.get(this) ?? []
    const at = texts.findIndex(
      (each) => each.text !== '' && text.slice(0, each.text.length) === each.text,
    )
    const [one = { text, toHtml: markdown.open() }] = at < 0 ? [] : texts.splice(at, 1)
    one.text = text
    followed.set(this, [...texts, one].slice(-MAX_FOLLOWED))
    return safeHtml(one.toHtml(text))
  }
}
