import { createApp } from './app.ts'

declare const Deno: {
  serve(options: object, fetch: unknown): void
}
const app = createApp({ templates: process.argv[2]! })
Deno.serve(
  {
    port: 0,
    hostname: '127.0.0.1',
    onListen: ({ port }: { port: number }) => console.log(`LISTEN ${port}`),
  },
  app.fetch,
)
