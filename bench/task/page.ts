import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'

const { resolve } = createRequire(import.meta.url)
const scripts = {
  '/htmx.js': 'htmx.org/dist/htmx.min.js',
  '/hx-sse.js': 'htmx.org/dist/ext/hx-sse.min.js',
}

/** A page with one button, whose answer lands in `#answer`: the same for every server that a browser is sent to. */
export const page = new Hono()
page.get('/page', (c) => {
  const { search } = new URL(c.req.url)
  return c.html(
    `<!doctype html><title>Bench</title><script src="/htmx.js"></script><script src="/hx-sse.js"></script>` +
      `<button hx-get="/answer${search.replaceAll('&', '&amp;')}" hx-target="#answer" hx-swap="innerHTML">Ask</button><div id="answer"></div>`,
  )
})
for (const [path, file] of Object.entries(scripts)) {
  const text = readFileSync(resolve(file), 'utf8')
  page.get(path, (c) => c.body(text, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
}
