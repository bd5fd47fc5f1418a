import { fileURLToPath } from 'node:url'
import nunjucks from 'nunjucks'

/** Seen from `dist/`, where this runs. */
export const templates = fileURLToPath(new URL('../../task/templates', import.meta.url))

const environment = new nunjucks.Environment(new nunjucks.FileSystemLoader(templates))

/** The whole block, as somebody draws it who has nunjucks and nothing else. */
export function draw(text: string, streaming: boolean): string {
  return environment.render('answer.html', { text, streaming })
}
