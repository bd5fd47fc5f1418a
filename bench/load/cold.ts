/** Shows one block of a page in a new process, and says what that took. Started by `scenarios/first.ts`. */
import nunjucks from 'nunjucks'
import { nunjucksEngine } from 'swapstream'
import { median } from '../report/results.ts'
import { CHAT, CONTEXT } from '../task/chat.ts'

/** What one new process has measured. */
export interface Cold {
  /** The first time, its template compiled. */
  readonly firstMs: number
  /** The same with templates that are not compiled yet, in a process that has compiled others. */
  readonly newMs: number
  /** Once more, as the next stream does it. */
  readonly againUs: number
}

const TIMES = 300
const NEW = 21

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

const start = process.argv[2] === 'nunjucks' ? renderPage : openBlock

async function time(show: () => string | Promise<string>): Promise<number> {
  const startedAt = performance.now()
  await show()
  return performance.now() - startedAt
}

const show = start()
const firstMs = await time(show)
const html = await show()
if (!html.includes('class="bubble bot"')) throw new Error(`Shown otherwise: ${html.slice(0, 300)}`)

const compiled: number[] = []
for (let each = 0; each < NEW; each++) compiled.push(await time(start()))

let againAt = 0
for (let each = 0; each < 2 * TIMES; each++) {
  // The first half rehearses.
  if (each === TIMES) againAt = performance.now()
  await show()
}
const cold: Cold = {
  firstMs,
  newMs: median(compiled),
  againUs: ((performance.now() - againAt) / TIMES) * 1000,
}
process.stdout.write(JSON.stringify(cold))
