/** Readers of streams, for programs: browsers, servers, tests. Web standards only. */
export { readEvents } from './wire/read-events.ts'
export { readNDJSON } from './wire/read-ndjson.ts'
export type { ReadEvent, ReadEventsOptions } from './wire/decode-events.ts'
export type { ResponseLike } from './wire/response-body.ts'
