import type { Context } from 'hono'
import type { TemplateEngine } from '../templates/engine.ts'
import { withContext } from '../templates/engine.ts'
import type { Settings } from './settings.ts'

/** The engine as the templates of one request know it, with the variables that all of them see. */
export function engineFor(c: Context, { engine, context }: Settings): TemplateEngine {
  return context ? withContext(engine, context(c)) : engine
}
