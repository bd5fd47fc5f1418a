/** The portable door: web standards only. Bring a template engine; `swapstream` itself adds nunjucks and Node. */
export { createSwapstream } from './web/create-swapstream.ts'
export type { CoreOptions } from './web/create-swapstream.ts'
export { Page } from './web/page.ts'
export type { PageOptions } from './web/page.ts'
export { EventStream } from './streams/event-stream.ts'
export type { EventStreamOptions } from './streams/event-stream.ts'
export type { EndReason, StreamEnd } from './streams/stream-end.ts'
export type { Source, StreamContext, Values } from './streams/source.ts'
export { Fragment } from './fragments/fragment.ts'
export type { FragmentOptions, Swap } from './fragments/fragment.ts'
export { streamToFragments } from './fragments/stream-to-fragments.ts'
export type { StreamToFragmentsOptions } from './fragments/stream-to-fragments.ts'
export { streamWithSources } from './fragments/stream-with-sources.ts'
export type { StreamWithSourcesOptions } from './fragments/stream-with-sources.ts'
export { Bytes } from './streams/bytes.ts'
export { frames } from './streams/frames.ts'
export { NDJSON } from './streams/ndjson.ts'
export { plain } from './streams/plain.ts'
export type { StreamBody, StreamBodyOptions } from './streams/stream-body.ts'
export { named } from './streams/named.ts'
export type { NamedOptions } from './streams/named.ts'
export { produce } from './streams/produce.ts'
export type { StreamWriter } from './streams/produce.ts'
export { scope } from './streams/scope.ts'
export { stats } from './streams/registry.ts'
export type { Stats } from './streams/registry.ts'
export type { Piece, PublicError, Terminal, Wire, WireFactory } from './streams/wire.ts'
export type { Connection } from './web/settings.ts'
export type { Limits } from './base/limits.ts'
export type { Enter } from './base/async-context.ts'
export { tokens } from './tokens/tokens.ts'
export type { TokenSource } from './tokens/tokens.ts'
export { ServerSentEvent } from './wire/server-sent-event.ts'
export type { EventFields } from './wire/server-sent-event.ts'
export { fromComponents } from './render/components.ts'
export type { BlockRenderer, Context, TemplateEngine } from './render/engine.ts'
export {
  AccessError,
  ConfigError,
  InputError,
  LimitError,
  SourceError,
  SwapstreamError,
  TemplateError,
} from './base/errors.ts'
export type { ErrorCode, TemplatePlace } from './base/errors.ts'
export { escapeHtml } from './base/escape-html.ts'
export type { Log } from './base/log.ts'
