/** The portable entry point: everything of the main one but nunjucks and Node, every type, and what a template engine of your own needs. Web standards only. */
export { createSwapstream } from './web/middleware.ts'
export type { CoreOptions } from './web/settings.ts'
export { Page } from './web/page.ts'
export type { PageOptions } from './web/page.ts'
export { FormResult } from './web/forms.ts'
export type { FormResultOptions } from './web/forms.ts'
export { errorPages } from './web/error-pages.ts'
export type { ErrorPagesOptions } from './web/error-pages.ts'
export { readForm } from './web/forms.ts'
export type { ReadForm } from './web/forms.ts'
export { htmxRequest } from './htmx/request.ts'
export type { HtmxRequest } from './htmx/request.ts'
export { htmxHeaders, STOP_POLLING } from './htmx/response.ts'
export type { HtmxHeaders } from './htmx/response.ts'
export { EventStream } from './streams/event-stream.ts'
export type { Updates, EventStreamOptions } from './streams/event-stream.ts'
export type { EndReason, StreamEnd } from './streams/end.ts'
export type { Source, StreamContext, Values } from './streams/source.ts'
export { Fragment } from './fragments/fragment.ts'
export type { BlockContext, FragmentOptions, Swap } from './fragments/fragment.ts'
export { liveState } from './fragments/live-state.ts'
export type { BlockDependencies, LiveState, LiveStateOptions } from './fragments/live-state.ts'
export { streamBlocks } from './fragments/stream-blocks.ts'
export { streamToFragments } from './fragments/stream-to-fragments.ts'
export type { StreamToFragmentsOptions } from './fragments/stream-to-fragments.ts'
export { streamWithSources } from './fragments/stream-with-sources.ts'
export type { StreamWithSourcesOptions } from './fragments/stream-with-sources.ts'
export { sequenced } from './streams/encoder.ts'
export { Bytes, NDJSON } from './streams/bodies.ts'
export { plain } from './streams/encoder.ts'
export type { StreamBody, StreamBodyOptions } from './streams/stream-body.ts'
export { events } from './streams/encoder.ts'
export type { EventsOptions } from './streams/encoder.ts'
export { produce } from './streams/produce.ts'
export type { StreamWriter } from './streams/produce.ts'
export { scope } from './streams/scope.ts'
export { stats } from './streams/registry.ts'
export type { Stats } from './streams/registry.ts'
export type { Chunk, Encoder, EventEncoding } from './streams/encoder.ts'
export type { EndEvent } from './streams/end.ts'
export { createRuns } from './runs/create-runs.ts'
export type {
  SubscribeOptions,
  Run,
  RunEnd,
  RunLimits,
  RunOptions,
  Runs,
  RunsHealth,
  RunsOptions,
} from './runs/runs.ts'
export { ownerOf, runRoutes } from './web/run-routes.ts'
export type { RunRoutesOptions } from './web/run-routes.ts'
export type { Resumable } from './streams/source.ts'
export type { Connection } from './web/settings.ts'
export { stream } from './web/declared/stream.ts'
export type { StreamDefinition, StreamRoute } from './web/declared/definition.ts'
export { mount } from './web/declared/mount.ts'
export type { MountOptions } from './web/declared/mount.ts'
export { bearer, ipAllow } from './web/declared/guards.ts'
export type { Guard } from './web/declared/guards.ts'
export type { Schema, SchemaIssue } from './shared/schema.ts'
export { english } from './shared/texts.ts'
export type { Texts, TextWith } from './shared/texts.ts'
export { arabic, german } from './shared/languages.ts'
export type { Limits } from './shared/limits.ts'
export type { AsyncContext } from './shared/async-context.ts'
export { tokens } from './models/tokens.ts'
export type { TokensOptions } from './models/tokens.ts'
export type { TokenSource } from './models/source.ts'
export type { Part, NonTextPart, TextPart } from './models/pieces.ts'
export { ServerSentEvent } from './sse/server-sent-event.ts'
export type { EventFields } from './sse/server-sent-event.ts'
export { fromComponents } from './templates/components.ts'
export type { Bundle } from './templates/nunjucks/bundle.ts'
export type { TemplateSource, TemplateText } from './templates/source.ts'
export type { BlockRenderer, Context, TemplateEngine } from './templates/engine.ts'
export {
  AccessError,
  ConfigError,
  InputError,
  LimitError,
  SourceError,
  SwapstreamError,
  TemplateError,
} from './shared/errors.ts'
export type { ErrorCode, InputIssue, PublicError, TemplatePlace } from './shared/errors.ts'
export { escapeHtml } from './shared/escape-html.ts'
export type { Log } from './shared/log.ts'
