import { streamHandle } from 'hono/aws-lambda'
import { createApp } from './app.ts'

export const handler: unknown = streamHandle(createApp({ templates: process.argv[2]! }))
