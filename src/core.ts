/** The portable door: web standards only. Bring a template engine; `swapstream` itself adds nunjucks and Node. */
export { createSwapstream } from './web/create-swapstream.ts'
export type { CoreOptions } from './web/create-swapstream.ts'
export { Page } from './web/page.ts'
export type { PageOptions } from './web/page.ts'
export { FormResult } from './web/form-result.ts'
export type { FormResultOptions } from './web/form-result.ts'
export { errorPages } from './web/error-pages.ts'
export type { ErrorPagesOptions } from './web/error-pages.ts'
export { readForm } from './web/read-form.ts'
export type { ReadForm } from './web/read-form.ts'
export { requestFacts } from './htmx/request.ts'
export type { RequestFacts } from './htmx/request.ts'
export { htmxHeaders, STOP_POLLING } from './htmx/response.ts'
export type { HtmxHeaders } from './htmx/response.ts'
export { EventStream } from './streams/event-stream.ts'
export type { Delivery, EventStreamOptions } from './streams/event-stream.ts'
export type { EndReason, StreamEnd } from './streams/stream-end.ts'
export type { Source, StreamContext, Values } from './streams/source.ts'
export { Fragment } from './fragments/fragment.ts'
export type { FragmentOptions, Swap } from './fragments/fragment.ts'
export { streamBlocks } from './fragments/stream-blocks.ts'
export type { BlockContext } from './fragments/stream-blocks.ts'
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
export { createRuns } from './runs/runs.ts'
export type {
  FollowOptions,
  Run,
  RunLimits,
  RunOptions,
  Runs,
  RunsHealth,
  RunsOptions,
} from './runs/runs.ts'
export { createMemoryStore } from './runs/memory-store.ts'
export type { MemoryStoreOptions } from './runs/memory-store.ts'
export type { Added, Addition, KnownRun, NewRun, RunStore } from './runs/run-store.ts'
export { ownerOf, runRoutes } from './web/run-routes.ts'
export type { RunRoutesOptions } from './web/run-routes.ts'
export type { Resumable } from './streams/source.ts'
export type { Connection } from './web/settings.ts'
export * from './web/declared/api.ts'
export type { Limits } from './base/limits.ts'
export type { Enter } from './base/async-context.ts'
export { tokens } from './tokens/tokens.ts'
export type { TokensOptions } from './tokens/tokens.ts'
export type { TokenSource } from './tokens/token-source.ts'
export type { Part, SidePart, TextPart } from './tokens/part.ts'
export { fakeTokens } from './tokens/fake-tokens.ts'
export type { FakeTokensOptions } from './tokens/fake-tokens.ts'
export { record } from './tokens/record.ts'
export type { RecordOptions } from './tokens/record.ts'
export { replay } from './tokens/replay.ts'
export type { ReplayOptions } from './tokens/replay.ts'
export type { Cassette, CassetteEnd } from './tokens/cassette.ts'
export { ServerSentEvent } from './wire/server-sent-event.ts'
export type { EventFields } from './wire/server-sent-event.ts'
export { fromComponents } from './render/components.ts'
export type { GrowthPlan } from './render/growth.ts'
export type { TemplateSource, TemplateText } from './render/template-source.ts'
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
export type { ErrorCode, InputIssue, TemplatePlace } from './base/errors.ts'
export { escapeHtml } from './base/escape-html.ts'
export type { Log } from './base/log.ts'
