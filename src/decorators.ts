/** Declared routes as decorated methods. TypeScript and bundlers compile these; Node itself does not read them yet. */
export { Stream, UseGuards } from './web/declared/decorators.ts'
