import { createApp } from './app.ts'

declare const Bun: {
  serve(options: object): { readonly port: number }
}
const app = createApp({ templates: process.argv[2]! })
const { port } = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch })
console.log(`LISTEN ${port}`)
