const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** Ends that look like the end of a sentence and are none. */
const ABBREVIATION = /(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|resp)\.|\b\p{Lu}\.)\s*$/iu

/**
 * The sentences of one paragraph, letter for letter, without the space between them.
 *
 * @example toSentences('Use e.g. hono. It is small.') // ['Use e.g. hono.', 'It is small.']
 */
export function toSentences(paragraph: string): string[] {
  const sentences: string[] = []
  let open = ''
  for (const { segment } of segmenter.segment(paragraph)) {
    // A sentence does not begin with a small letter: the cut before it was a dot inside of one.
    if (open && !ABBREVIATION.test(open) && !/^\s*\p{Ll}/u.test(segment)) {
      sentences.push(open.trim())
      open = segment
    } else open += segment
  }
  if (open.trim()) sentences.push(open.trim())
  return sentences
}
