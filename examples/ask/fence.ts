import hljs from 'highlight.js/lib/common'

/** Languages that documentation shows, by the names that its readers use. */
const LANGUAGES = ['typescript', 'bash', 'json', 'xml']
/** Below this, the guess is none. */
const MIN_RELEVANCE = 3

/**
 * Code as a Markdown block, in the language that it looks like.
 *
 * @example fence('const a = await b()') // → '```typescript\nconst a = await b()\n```'
 */
export function fence(code: string): string {
  const { language = '', relevance } = hljs.highlightAuto(code, LANGUAGES)
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map(({ length }) => length))
  const mark = '`'.repeat(longest + 1)
  return `${mark}${relevance < MIN_RELEVANCE ? '' : language}\n${code}\n${mark}`
}
