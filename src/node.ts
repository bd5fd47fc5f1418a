/** The server, which only Node has. */
export { serve } from './node/serve.ts'
export type { ServeOptions, Serving } from './node/serve.ts'
