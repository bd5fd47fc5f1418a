import { createRuns } from 'swapstream'
import { serve } from 'swapstream/node'
import { createApp } from './app.ts'

const runs = createRuns()
serve(createApp(runs, 'this server'), { onClose: () => runs.close() })
