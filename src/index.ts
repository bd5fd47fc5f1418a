/** The main door: everything of the core, with nunjucks and files, for Node, Bun and Deno. */
export * from './core.ts'
export { swapstream } from './adapters/swapstream.ts'
export type { SwapstreamOptions } from './adapters/swapstream.ts'
export { nunjucksEngine } from './adapters/nunjucks-engine.ts'
export type { NunjucksEngineOptions } from './adapters/nunjucks-engine.ts'
export type { NunjucksEngine } from './templates/nunjucks/nunjucks-engine.ts'
export { safeHtml } from './templates/nunjucks/safe-html.ts'
