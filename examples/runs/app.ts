import { Hono } from 'hono'
import { ownerOf, Page, runRoutes, streamToFragments, swapstream, type Runs } from 'swapstream'
import { fakeTokens } from 'swapstream/testing'

const TEXT = `A run keeps an answer apart from the connections that show it. A disconnect stops nothing, a client that reconnects gets the newest snapshot and what follows, and Stop stops. The log contains the text of the model and not the page, so each node renders it for its own clients. When the node that makes it dies, the others detect it and end the run. `

/**
 * An app whose answers are runs.
 *
 * @param node The name of this server; the page shows which one made an answer, and which one renders it.
 * @param nodes The servers that the page may kill.
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
