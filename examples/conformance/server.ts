import { fileURLToPath } from 'node:url'
import { Hono } from 'hono'
import { mount, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { figures } from './counters.ts'
import { chat, guarded, report } from './declared.ts'
import { feeds } from './feeds.ts'
import { fragments } from './fragments.ts'
import { login } from './login.ts'
import { resume, runs } from './resume.ts'
import { seeds } from './seeds.ts'
import { staticFiles } from './static-files.ts'

// A stream that fails unnoticed is the worst defect: here it ends the process.
for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error) => {
    console.error(event, error)
    process.exit(1)
  })
}

const app = new Hono()
app.use(
  swapstream({
    templates: new URL('templates', import.meta.url),
    filters: { failAfter },
    heartbeatMs: 500,
    limits: { sendTimeoutMs: 1_500, maxStreamsPerClient: 64, maxBodyBytes: 64 * 1024 },
  }),
)
app.get('/stats', (c) => c.json(figures()))
app.get(
  '/static/*',
  staticFiles(fileURLToPath(new URL('../../public', import.meta.url)), '/static'),
)
app.route('/', login)
app.route('/', feeds)
app.route('/', fragments)
app.route('/', resume)
app.route('/seeds', seeds)
mount(app, chat, guarded, report)

serve(app, {
  port: Number(process.env['PORT'] ?? 3400),
  hostname: '127.0.0.1',
  graceMs: Number(process.env['GRACE_MS'] ?? 2_000),
  headersTimeoutMs: 5_000,
  onClose: () => runs.close(),
  onListen: (url) => console.log(`LISTEN ${new URL(url).port}`),
})

/** A filter that throws for more than so many words. */
function failAfter(text: string, count: number): string {
  if (text.trim().split(/\s+/).length > count) throw new Error('SECRET: the filter broke.')
  return text
}
