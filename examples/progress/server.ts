import { Hono } from 'hono'
import { mount, Page, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { report, write } from './report.ts'

const app = new Hono()
app.use(swapstream({ templates: new URL('templates', import.meta.url) }))

app.get('/', () => new Page('report.html'))
app.get('/reports/:pages', (c) => c.text(`A report of ${c.req.param('pages')} pages.`))
mount(app, write, report)
serve(app)
