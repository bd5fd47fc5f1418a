import { serve } from 'swapstream/node'
import { createApp } from './app.ts'

serve(createApp({ templates: process.argv[2]! }), { port: 0, graceMs: 2_000 })
