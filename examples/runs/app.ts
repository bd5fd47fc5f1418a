import { Hono } from 'hono'
import { ownerOf, Page, runRoutes, streamToFragments, swapstream, type Runs } from 'swapstream'
import { fakeTokens } from 'swapstream/testing'

const TEXT = `A run keeps an answer apart from the connections that show it. Who leaves cancels nothing, who comes back sees the newest state and what follows, and Stop stops. The log holds what the model said and not the page, so each node draws it for its own readers. When the node that makes it dies, the others notice and say so. `

/**
 * An app whose answers are runs.
 *
 * @param node What this server is called; the page shows which one made an answer, and which one draws it.
 * @param nodes Those that the page may kill.
 */
export function createApp(runs: Runs, node: string, nodes: readonly string[] = []): Hono {
  const app = new Hono()
  app.use(
    swapstream({
      templates: new URL('templates', import.meta.url),
      filters: { here: () => node },
    }),
  )
  app.get('/', (c) => {
    const id = c.req.query('run')
    return new Page('runs.html', { nodes, path: id && `/runs/${id}`, text: '' })
  })
  app.post('/answers', async (c) => {
    const run = await runs.start(
      ({ signal }) =>
        streamToFragments(
          fakeTokens(TEXT.repeat(12), { everyMs: 60, signal }),
          'runs.html',
          'answer',
          {
            extraContext: { maker: node },
          },
        ),
      { owner: ownerOf(c), key: 'answer' },
    )
    return c.redirect(`/?run=${run.id}`, 303)
  })
  app.route('/runs', runRoutes(runs))
  return app
}
