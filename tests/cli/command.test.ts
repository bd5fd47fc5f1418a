import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { runCommand } from '../../src/cli/command.ts'
import { listRoutes } from '../../src/cli/list-routes.ts'
import { loadApp } from '../../src/cli/load-app.ts'
import { usePrograms } from '../support/run-program.ts'

// In the compiled package, so that the apps can import it by its name.
const root = inject('programs')
let folder = ''
beforeAll(() => mkdirSync(join(root, 'apps'), { recursive: true }))
beforeEach(() => (folder = relative(root, mkdtempSync(join(root, 'apps/app-')))))
afterEach(() => rmSync(join(root, folder), { recursive: true }))

const programs = usePrograms()
const run = (...args: string[]) => programs('src/cli/swapstream.ts', args, {}, root).ended
/** Out: the file, as it is seen from the package. */
function write(name: string, text: string): string {
  const file = join(folder, name)
  mkdirSync(resolve(root, file, '..'), { recursive: true })
  writeFileSync(join(root, file), text)
  return file
}

const APP = (last: string): string => `import { Hono } from 'hono'
import { bearer, EventStream, sequenced, mount, events, Page, stream, streamToFragments, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
const app = new Hono()
app.use(swapstream({ templates: new URL('templates', import.meta.url) }))
app.get('/', () => new Page('a.html'))
app.post('/chat', () => new EventStream(() => streamToFragments(['x'], 'a.html', 'b')))
mount(
  app,
  stream({ path: '/one', auth: true, guards: [bearer({ token: 'x' })], encoding: sequenced }, async function* () {}),
  stream({ path: '/two', method: 'GET', encoding: events({ event: 'tick' }) }, async function* () {}),
  stream({ path: '/three', encoding: 'fragments' }, async function* () {}),
)
app.get('/plain', (c) => c.text(''))
${last}
`

describe('swapstream check', () => {
  test('looks at an app that serves itself, without serving it: faults end it with 1', async () => {
    const app = write('server.ts', APP('serve(app)\nsetInterval(() => {}, 1_000)'))
    write('templates/a.html', '<form hx-post="/caht">{% block b %}<p>{{ text }}</p>{% endblock %}')
    const first = await run('check', '--app', app)
    expect(first).toEqual({
      code: 1,
      stderr: '',
      stdout: [
        `${folder}/templates/a.html:1:7: no route answers to POST /caht. Did you mean "/chat"?`,
        `${folder}/server.ts:11:67: note: no template waits for the event "tick": right where a script does.`,
        '1 fault (1 template, 6 routes, 1 source file).\n',
      ].join('\n'),
    })
    write('templates/a.html', '<form hx-post="/chat">{% block b %}<p>{{ text }}</p>{% endblock %}')
    const mended = await run('check', '--app', app, '--templates', join(folder, 'templates'))
    expect(mended).toMatchObject({ code: 0, stderr: '' })
    expect(mended.stdout).toMatch(/\nNo faults \(1 template, 6 routes, /)
  })

  test('looks at a folder alone', async () => {
    write('templates/a.html', '{% include "b.html" %}')
    const { code, stdout } = await run('check', join(folder, 'templates'))
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /a\.html:1:12: template "b\.html" not found .*\n1 fault \(1 template, with --app/,
    )
  })

  test.each([
    [['check', 'nowhere'], /the template folder "nowhere" does not exist/],
    [['check', '--app', 'nowhere.js'], /There is no file "nowhere\.js"/],
    [['check', '--htmx', '3'], /--htmx is 2 or 4/],
    [['check', '--ap', 'x'], /Unknown option '--ap'/],
    [['chek'], /no command "chek" .*did you mean "check"/],
    [['routes'], /Say which app/],
    [['add', 'page'], /What can be added is a stream/],
    [['add', 'stream'], /A stream needs a name/],
  ])('%j cannot be run, and the message names the reason without a stack', async (args, says) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(await runCommand(args)).toBe(2)
    const text = said.mock.calls.map(([line]) => String(line)).join('')
    said.mockRestore()
    expect(text).toMatch(says)
    expect(text).not.toContain('    at ')
  })

  test.each([
    ['export default 1', /has no app\. Export it/],
    ['throw new Error("at the top")', /Error: at the top\n\s+at /],
  ])('a module that ends in %s is reported', async (last, says) => {
    const { code, stderr } = await run('check', '--app', write('app.ts', last))
    expect(code).toBe(2)
    expect(stderr).toMatch(says)
  })

  test('tells what there is to do', async () => {
    const asked = await run('--help')
    expect(asked).toMatchObject({ code: 0, stderr: '' })
    expect(asked.stdout).toMatch(/swapstream add stream[^]*swapstream check[^]*swapstream routes/)
    expect(await run()).toMatchObject({ code: 2 })
  })
})

describe('swapstream routes', () => {
  test('lists what an app answers', async () => {
    write('templates/a.html', '')
    const app = write('app.ts', APP('serve(app)'))
    expect(await run('routes', '--app', app)).toEqual({
      code: 0,
      stderr: '',
      stdout: `GET    /       page
POST   /chat   stream
POST   /one    declared: encoding sequenced, guarded
GET    /two    declared: encoding events
POST   /three  declared: encoding fragments
GET    /plain  handler
`,
    })
  })

  test.each([
    'export { app }',
    'export default app',
    'await serve(app).ready',
    'setTimeout(() => serve(app), 50)',
  ])('finds the app of a module that ends in %s', async (last) => {
    write('templates/a.html', '')
    const found = listRoutes(await loadApp(join(root, write('app.ts', APP(last)))))
    expect(found).toHaveLength(6)
  })
})
