import { existsSync } from 'node:fs'
import { serve } from 'swapstream/node'
import { createApp } from './app.ts'
import { loadModel } from './model.ts'
import { openStore } from './open-store.ts'

if (existsSync('.env')) process.loadEnvFile()
try {
  await loadModel()
  const store = await openStore()
  serve(createApp(store), { onClose: () => store.runs.close(5_000) })
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
