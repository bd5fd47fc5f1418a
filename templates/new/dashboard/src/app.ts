import { Hono } from 'hono'
import {
  errorPages,
  EventStream,
  FormResult,
  Fragment,
  liveState,
  nunjucksEngine,
  Page,
  readForm,
  swapstream,
} from 'swapstream'
import type { LiveState } from 'swapstream/core'
import { z } from 'zod'
import type { Store } from './store.ts'

export interface Numbers extends Record<string, unknown> {
  readonly orders: number
  readonly revenue: number
  readonly goal: number
}

const goalForm = z.object({
  goal: z.coerce.number('Type a number.').int('Type a whole number.').min(1, 'At least 1.'),
})

/** A page of numbers that every open tab shows as they change, and a form that changes one of them. */
export async function createApp(store: Store): Promise<{ app: Hono; board: LiveState<Numbers> }> {
  const engine = nunjucksEngine({ templates: 'templates' })
  const begin = { orders: 0, revenue: 0, goal: (await store.get<number>('goal')) ?? 1_000 }
  const board = liveState<Numbers>(engine, 'board.html', begin, {
    blocks: ['numbers', 'status'],
    derived: { reached: ({ revenue, goal }) => Math.floor((100 * revenue) / goal) },
  })

  const app = new Hono()
  app.use(swapstream({ engine }))
  errorPages(app)

  app.get('/', () => new Page('board.html', board.values))
  app.get('/live', () => new EventStream(() => board.subscribe()))

  app.post('/goal', async (c) => {
    const form = await readForm(c, goalForm)
    if (!form.ok) {
      const context = { ...board.values, ...form }
      return new Page('board.html', context, { block: 'form', status: 422 })
    }
    const { goal } = form.value
    await store.set('goal', goal)
    board.set({ goal })
    return new FormResult('/', { fragments: [new Fragment('board.html', 'form', board.values)] })
  })

  app.get('/health', async (c) => {
    const health = await store.runs.health()
    return c.json(health, health.store === 'up' ? 200 : 503)
  })
  return { app, board }
}
