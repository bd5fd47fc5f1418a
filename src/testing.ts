/** For tests of apps: a stream to read and to leave, the page it ends in, and time that can be held. */
export { open } from './testing/open.ts'
export type { OpenedStream, RequestableApp } from './testing/open.ts'
export { applyFrames, FramedPage } from './htmx/apply-frames.ts'
export type { Destination } from './htmx/apply-frames.ts'
export { domText } from './htmx/client/dom-text.ts'
export { controlledClock } from './testing/controlled-clock.ts'
export type { ControlledClock } from './testing/controlled-clock.ts'
export type { ReadEvent } from './wire/decode-events.ts'
