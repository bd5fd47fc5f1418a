import { existsSync } from 'node:fs'
import { serve } from 'swapstream/node'
import { app } from './app.ts'
import { loadModel } from './model.ts'

if (existsSync('.env')) process.loadEnvFile()
try {
  await loadModel()
  serve(app)
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
