/** Readers of streams, for programs: browsers, servers, tests. Web standards only. */
export { readEvents } from './sse/read-events.ts'
export type { ReadEvent, ReadEventsOptions } from './sse/read-events.ts'
export { readNDJSON } from './sse/read-ndjson.ts'
export type { ResponseLike } from './sse/response-body.ts'
