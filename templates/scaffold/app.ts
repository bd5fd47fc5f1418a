import { Hono } from 'hono'
import { Page, swapstream } from 'swapstream'
import * as streams from './streams/index.ts'

export const app = new Hono()
app.use(swapstream({ templates: 'templates' }))

/** The page of each stream, or its method where it has none. */
const streamRoutes = Object.values(streams).map(
  ({ routes }) => routes.find(({ method }) => method === 'GET') ?? routes[0],
)

app.get('/', () => new Page('index.html', { routes: streamRoutes }))
for (const routes of Object.values(streams)) app.route('/', routes)
