import { Hono } from 'hono'
import { NDJSON, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { createPool } from './database.ts'
import { orders } from './orders.ts'

const pool = createPool(3)
const app = new Hono()
app.use(swapstream({ templates: {} }))

app.get('/', (c) => c.html('<a href="/orders?since=2026-06-01">The orders since June</a>'))
app.get(
  '/orders',
  (c) =>
    new NDJSON(orders(pool, c.req.query('since') ?? ''), {
      headers: { 'content-disposition': 'attachment; filename="orders.ndjson"' },
      // An export may be of any length.
      limits: { maxDurationMs: Infinity, maxOutputBytes: Infinity },
    }),
)
app.get('/pool', (c) => c.json(pool.use))
serve(app)
