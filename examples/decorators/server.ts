import { Hono } from 'hono'
import { mount, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { Support } from './support.ts'

const support = new Support({
  async *find(question) {
    yield* ['You ', 'asked: ', question]
  },
})

const app = new Hono()
app.use(swapstream({ templates: {} }))
mount(app, support)
serve(app)
