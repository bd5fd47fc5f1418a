/** For tests of apps: a stream to read and to leave, the page it ends in, and time that can be held. */
export { openStream } from './testing/open.ts'
export type { OpenedStream, RequestableApp } from './testing/open.ts'
export { applyFrames, FramedPage } from './testing/apply-frames.ts'
export type { Destination } from './testing/apply-frames.ts'
export { domText } from './testing/client/dom-text.ts'
export { controlledClock } from './testing/controlled-clock.ts'
export type { ControlledClock } from './testing/controlled-clock.ts'
export type { ReadEvent } from './sse/decode-events.ts'
