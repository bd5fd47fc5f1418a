/** Markdown by itself: the filter of that name is there without it. Web standards only. */
export { markdown } from './markdown/markdown.ts'
export type { Markdown } from './markdown/markdown.ts'
export type { MarkdownOptions } from './markdown/parser.ts'
export type { Highlighter } from './markdown/highlight.ts'
