import { afterEach } from 'vitest'
import { serve, type Serving } from 'swapstream/node'

/** Serves an app on a free port of this machine until the test is over. */
export function useServer(): (app: Parameters<typeof serve>[0]) => Promise<string> {
  const serving: Serving[] = []
  afterEach(async () => {
    for (const server of serving.splice(0)) await server.close(0)
  })
  return async (app) => {
    const server = serve(app, {
      port: 0,
      hostname: '127.0.0.1',
      onListen: () => {},
      signals: false,
    })
    serving.push(server)
    return server.ready
  }
}
