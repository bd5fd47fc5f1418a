import type { Hono } from 'hono'
import { afterEach } from 'vitest'

/** Lets go of the answers that a test did not read: a stream that nobody reads and nobody drops waits for its reader. */
export function useLetGo(): <A extends Hono>(app: A) => A {
  const answers: Response[] = []
  afterEach(async () => {
    for (const { body } of answers.splice(0)) if (body && !body.locked) await body.cancel()
  })
  return (app) => {
    const request = app.request.bind(app)
    app.request = async (...given) => {
      const answer = await request(...given)
      answers.push(answer)
      return answer
    }
    return app
  }
}
