/** Shows one block of a page in a new process, and says what that took. Started by `scenarios/first.ts`. */
import nunjucks from 'nunjucks'
import { nunjucksEngine } from 'swapstream'
import { CHAT, CONTEXT } from '../task/chat.ts'

/** What one new process has measured. */
export interface Cold {
  /** The first time, its template compiled. */
  readonly firstMs: number
  /** Once more, as the next stream does it. */
  readonly againUs: number
}

const TIMES = 300

function renderPage(): () => string {
  const loader = {
    getSource: (name: string) => ({ src: CHAT[name]!, path: name, noCache: false }),
  }
  const environment = new nunjucks.Environment(loader as never, { autoescape: true })
  return () => environment.render('chat.html', CONTEXT)
}

function openBlock(): () => Promise<string> {
  const engine = nunjucksEngine({ templates: CHAT })
  return async () => (await engine.open('chat.html', 'answer', CONTEXT)).render()
}

const show = process.argv[2] === 'nunjucks' ? renderPage() : openBlock()
const startedAt = performance.now()
const html = await show()
const firstMs = performance.now() - startedAt
if (!html.includes('class="bubble bot"')) throw new Error(`Shown otherwise: ${html.slice(0, 300)}`)

let againAt = 0
for (let time = 0; time < 2 * TIMES; time++) {
  // The first half rehearses.
  if (time === TIMES) againAt = performance.now()
  await show()
}
const cold: Cold = { firstMs, againUs: ((performance.now() - againAt) / TIMES) * 1000 }
process.stdout.write(JSON.stringify(cold))
