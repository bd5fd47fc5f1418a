import type { GrowingMarkdown, Markdown } from '../../markdown/growing-markdown.ts'
import type { BlockContext } from './block-context.ts'
import { safeHtml, type SafeHtml } from './safe-html.ts'

/** Which Markdown stands behind a filter: an app may have put another filter under the name. */
const behind = new WeakMap<object, Markdown>()

/** The Markdown of a `markdown` filter; nothing when the filter is not ours. */
export function markdownOf(filter: object | undefined): Markdown | undefined {
  return filter && behind.get(filter)
}

/** A text that grew from one draw of a block to the next. */
interface Followed {
  readonly growing: GrowingMarkdown
  text: string
  settled: string
}

/** Texts of one block that are followed at once; the one that was left alone longest is forgotten. */
const MAX_FOLLOWED = 8

/**
 * The filter `markdown`.
 *
 * While `streaming` is true, the variable of `streamToFragments`, the text is open: what it has begun is repaired, and
 * only its end is drawn anew. Otherwise the text is whole, and nothing but the text decides what comes out.
 */
export function markdownFilter(
  markdown: Markdown,
): (this: BlockContext, value: unknown) => SafeHtml {
  const followed = new WeakMap<BlockContext, Followed[]>()

  function filter(this: BlockContext, value: unknown): SafeHtml {
    const text = value === undefined || value === null ? '' : String(value)
    if (this.lookup('streaming') === true) return safeHtml(draw(this, text))
    followed.delete(this)
    return safeHtml(markdown.render(text))
  }

  function draw(context: BlockContext, text: string): string {
    let texts = followed.get(context)
    if (!texts) followed.set(context, (texts = []))
    const at = texts.findIndex(
      (each) => each.text !== '' && text.slice(0, each.text.length) === each.text,
    )
    const [found] = at < 0 ? [] : texts.splice(at, 1)
    const one = found ?? { growing: markdown.open(), text, settled: '' }
    one.text = text
    texts.push(one)
    if (texts.length > MAX_FOLLOWED) texts.shift()
    const { settled, open, reset } = one.growing.update(text)
    one.settled = reset ? settled : one.settled + settled
    return one.settled + open
  }

  behind.set(filter, markdown)
  return filter
}
