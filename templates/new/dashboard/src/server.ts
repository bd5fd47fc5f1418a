import { existsSync } from 'node:fs'
import { serve } from 'swapstream/node'
import { createApp } from './app.ts'
import { openStore } from './open-store.ts'

if (existsSync('.env')) process.loadEnvFile()
try {
  const store = await openStore()
  const { app, board } = await createApp(store)
  // Stands in for what happens in your shop: call board.set from a queue, a webhook, a timer.
  const sell = (): void => {
    const { orders, revenue } = board.values
    board.set({ orders: orders + 1, revenue: revenue + 5 + Math.floor(20 * Math.random()) })
  }
  setInterval(sell, 1_000).unref()
  serve(app, { onClose: () => store.runs.close(5_000) })
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
