/** The main entry point, for Node, Bun and Deno: what apps use by name. Types of single options and results, and what an engine of your own needs, are in `swapstream/core`. */
export { nunjucksEngine, swapstream } from './node/swapstream.ts'
export type { SwapstreamOptions } from './web/platform.ts'
export { safeHtml } from './templates/nunjucks/filters.ts'
// Answers
export { createSwapstream, fromComponents } from './core.ts'
export { errorPages, EventStream, FormResult, Fragment, Page, readForm } from './core.ts'
export { Bytes, NDJSON, ServerSentEvent } from './core.ts'
export { events, plain, sequenced } from './core.ts'
export type { EventEncoding, EventStreamOptions, FragmentOptions, PageOptions } from './core.ts'
// Sources
export { liveState, produce, scope, streamBlocks, streamToFragments } from './core.ts'
export { streamWithSources, tokens } from './core.ts'
export type {
  NonTextPart,
  Part,
  Source,
  StreamContext,
  StreamEnd,
  StreamWriter,
  TokenSource,
} from './core.ts'
// Declared routes
export { bearer, ipAllow, mount, stream } from './core.ts'
export type { Guard, Schema, StreamDefinition, StreamRoute } from './core.ts'
// Runs
export { createRuns, ownerOf, runRoutes } from './core.ts'
export type { Run, Runs } from './core.ts'
// htmx and HTML
export { escapeHtml, htmxHeaders, htmxRequest, STOP_POLLING } from './core.ts'
// Errors, limits, the log
export { AccessError, ConfigError, InputError, LimitError, SourceError } from './core.ts'
export { stats, SwapstreamError, TemplateError } from './core.ts'
export type { ErrorCode, Limits, Log } from './core.ts'
