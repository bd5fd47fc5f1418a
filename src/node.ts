/** What only Node has: the server. */
export { serve } from './adapters/serve.ts'
export type { ServeOptions, Serving } from './adapters/serve.ts'
