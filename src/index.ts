/** The main door: everything of the core, with nunjucks and files, for Node, Bun and Deno. */
export * from './core.ts'
export { swapstream } from './node/swapstream.ts'
export type { SwapstreamOptions } from './node/swapstream.ts'
export { nunjucksEngine } from './node/nunjucks-engine.ts'
export type { NunjucksEngineOptions } from './node/nunjucks-engine.ts'
export type { NunjucksEngine } from './templates/nunjucks/engine.ts'
export { safeHtml } from './templates/nunjucks/filters.ts'
