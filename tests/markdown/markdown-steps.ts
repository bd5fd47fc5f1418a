import { expect } from 'vitest'
import type { Markdown } from 'swapstream/markdown'

const wordsOf = (html: string): string => html.replace(/<[^>]*>/g, '').replace(/\s+/g, '')

/** Lets a text grow by single characters: what it shows at each step is what the whole begins with. */
export function expectNothingTakenBack(md: Markdown, text: string): void {
  const toHtml = md.open()
  const whole = wordsOf(md.render(text))
  for (let at = 1; at <= text.length; at++) {
    const words = wordsOf(toHtml(text.slice(0, at)))
    expect(whole.slice(0, words.length), text.slice(0, at)).toBe(words)
  }
}
