/** What only Node has: the server. */
export { serve } from './node/serve.ts'
export type { ServeOptions, Serving } from './node/serve.ts'
