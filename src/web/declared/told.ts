import type { Context } from 'hono'
import { SwapstreamError } from '../../shared/errors.ts'
import { settingsOf } from '../current-settings.ts'
import { toProblem } from '../problem.ts'

/**
 * Runs a step of a declared route. One of our own errors becomes its HTTP answer here, because Hono hands what a
 * handler throws to `app.onError` at once and our middleware never sees it.
 *
 * Throws  HTTPException with the answer in it; another error as it is; what is no error, wrapped into one, since Hono
 *         passes by its `onError` with anything else.
 */
export async function told<T>(c: Context, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof SwapstreamError) {
      const { log, expose } = settingsOf(c)
      throw toProblem(c, error, log, expose)
    }
    if (error instanceof Error) throw error
    throw new Error('A declared route threw something that is no Error.', { cause: error })
  }
}
