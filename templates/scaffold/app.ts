import { Hono } from 'hono'
import { Page, swapstream } from 'swapstream'
import * as streams from './streams/index.ts'

export const app = new Hono()
app.use(swapstream({ templates: 'templates' }))

app.get('/', () => new Page('index.html', { streams: Object.keys(streams) }))
for (const routes of Object.values(streams)) app.route('/', routes)
