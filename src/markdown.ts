/** Markdown by itself: the filter of that name is there without it. Web standards only. */
export { markdown } from './render/markdown/markdown.ts'
export type { MarkdownOptions } from './render/markdown/markdown.ts'
export type {
  GrowingMarkdown,
  HtmlChange,
  Markdown,
  MarkdownUpdate,
} from './render/markdown/growing-markdown.ts'
export type { Highlighter } from './render/markdown/highlight.ts'
