import type { Fragment } from '../fragments/fragment.ts'

/** A character pair or a line break that has begun: its second half decides what it is. */
const UNFINISHED = /[\uD800-\uDBFF\r]$/

/**
 * What of one block may travel as added text alone, from frame to frame.
 *
 * It begins with a frame that was sent whole and goes on as long as nothing but the growing variable differs.
 * Text is cut where it may be cut: half a character pair would be spelt as a broken character, half a CRLF as two lines.
 */
export class GrownText {
  #context: Fragment['context']
  #held = ''

  /** @param sent The fragment that the page shows, whole. */
  constructor(sent: Fragment) {
    this.#context = sent.context
  }

  /** Whether text can be added to what the page shows. What begins in it and ends in the next text has to be drawn again. */
  static canFollow({ context, grows }: Fragment): boolean {
    const text = grows && context[grows.key]
    return typeof text === 'string' && !UNFINISHED.test(text)
  }

  /** The text to add for the next fragment, perhaps none yet; nothing when the whole block must be drawn. */
  next({ context, grows, final }: Fragment): string | undefined {
    if (final || grows === undefined || !onlyDiffersIn(grows.key, this.#context, context))
      return undefined
    this.#context = context
    const text = this.#held + grows.delta
    this.#held = UNFINISHED.exec(text)?.[0] ?? ''
    return this.#held === '' ? text : text.slice(0, -1)
  }
}

function onlyDiffersIn(
  key: string,
  before: Fragment['context'],
  now: Fragment['context'],
): boolean {
  const keys = Object.keys(now)
  return (
    keys.length === Object.keys(before).length &&
    keys.every(
      (name) => name === key || (Object.hasOwn(before, name) && Object.is(before[name], now[name])),
    )
  )
}
