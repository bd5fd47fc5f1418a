/** The main entry point on Cloudflare Workers (the export condition `workerd`). Needs no files, no Node, and makes no code from text. */
export * from './core.ts'
export { nunjucksEngine, swapstream } from './workers/swapstream.ts'
export type { SwapstreamOptions } from './web/platform.ts'
export { safeHtml } from './templates/nunjucks/filters.ts'
