import type { Context } from 'hono'
import { InputError } from '../shared/errors.ts'
import type { Settings } from './settings.ts'

/**
 * Keeps event streams to the methods that the app wants them on. HEAD is a GET without its body.
 *
 * Throws  InputError `input/method`: 405, with the methods that are taken.
 */
export function checkSseMethod(c: Context, { sseMethods }: Settings): void {
  const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
  if (sseMethods === undefined || sseMethods.includes(method)) return
  throw new InputError('input/method', `${method} ${c.req.path} would answer an event stream.`, {
    hint: `Here they answer to ${sseMethods.join(' and ')} only (sseMethods).`,
    allow: sseMethods,
  })
}
