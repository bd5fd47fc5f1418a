import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'
import { AI_SDK_PROJECT, installAiSdk } from '../support/ai-sdk.ts'

/**
 * The tutorial, done as it says: its files are written, its commands run, in their order. Only `npm install` asks no
 * registry: it finds a package that was built now, and the packages of this repository.
 */
const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const PAGE = await readFile(join(ROOT, 'docs/tutorial.md'), 'utf8')

/** A command line, or a file to be written. */
interface Action {
  readonly line?: string
  readonly file?: string
  readonly text: string
}

interface Step {
  readonly title: string
  readonly actions: readonly Action[]
}

/** A file has its name in the sentence before it. */
const steps = PAGE.split(/^## /m)
  .slice(1)
  .map((section): Step => {
    const actions = [...section.matchAll(/([^\n]*)\n\n```(\w+)\n([^]*?)^```$/gm)].flatMap(
      ([, before, language, text]): Action[] =>
        language === 'sh'
          ? text!
              .trim()
              .split('\n')
              .map((line) => ({ line, text: '' }))
          : [{ file: [...before!.matchAll(/`([\w/]+\.[\w.]+)`/g)].at(-1)?.[1] ?? '', text: text! }],
    )
    return { title: section.slice(0, section.indexOf('\n')), actions }
  })
  .filter(({ actions }) => actions.length > 0)

let base: string
let folder: string
let server: ChildProcess | undefined
let url: string

beforeAll(async () => {
  await installAiSdk()
  folder = base = await mkdtemp(join(tmpdir(), 'swapstream-tutorial-'))
})
afterEach(() => stop())
afterAll(() => rm(base, { recursive: true }))

const withoutModel = { OPENAI_API_KEY: '', OPENAI_BASE_URL: '', MODEL: '', NODE_ENV: '' }
const environment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  ...withoutModel,
  LOG_LEVEL: 'silent',
  PORT: '0',
  ...more,
})

async function follow({ actions }: Step, env?: Record<string, string>): Promise<void> {
  for (const { line, file, text } of actions) {
    if (file !== undefined) {
      await writeFile(join(folder, file), text)
      continue
    }
    const [, names] = /^npm install (?:--save-dev )?(.+)$/.exec(line!) ?? []
    const [, variables] = /^(.*)npm start$/.exec(line!) ?? []
    if (names) await install(names.split(' '))
    else if (variables !== undefined)
      await start({
        ...Object.fromEntries(
          variables
            .trim()
            .split(' ')
            .map((word) => word.split('=')),
        ),
        ...env,
      })
    else await run('sh', ['-ec', line!], { cwd: folder, env: environment() })
    const [, entered] = /&& cd (\w+)$/.exec(line!) ?? []
    if (entered) folder = join(folder, entered)
  }
}

async function install(specifiers: readonly string[]): Promise<void> {
  const names = specifiers.map((specifier) => specifier.replace(/(?<!^)@\D\d+$/, ''))
  const modules = join(folder, 'node_modules')
  const link = async (name: string): Promise<void> => {
    const from = name === 'ai' || name.startsWith('@ai-sdk/') ? dirname(AI_SDK_PROJECT) : ROOT
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(from, 'node_modules', name), join(modules, name)).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  for (const name of names) {
    if (name !== 'swapstream') await link(name)
    else for (const dependency of await putPackage(join(modules, name))) await link(dependency)
  }
  await mkdir(join(modules, '.bin'), { recursive: true })
  for (const command of ['tsx', 'tsc'])
    await symlink(join(ROOT, 'node_modules/.bin', command), join(modules, '.bin', command)).catch(
      () => {},
    )
}

/** What a user gets: the compiled package, as it is packed. Its types are checked elsewhere. Gives its dependencies. */
async function putPackage(to: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  await run(
    join(ROOT, 'node_modules/.bin/tsc'),
    ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(to, 'dist')],
    {
      cwd: ROOT,
    },
  )
  for (const file of ['package.json', ...manifest.files.filter((name: string) => name !== 'dist')])
    await cp(join(ROOT, file), join(to, file), { recursive: true })
  return Object.keys(manifest.dependencies)
}

async function start(env: Record<string, string> = {}): Promise<void> {
  await stop()
  // A group of its own, so that the server ends with npm.
  server = spawn('npm', ['start'], { cwd: folder, env: environment(env), detached: true })
  let said = ''
  url = await new Promise<string>((resolve, reject) => {
    const listen = (data: Buffer): void => {
      said += data
      const found = /http:\/\/localhost:\d+/.exec(said)
      if (found) resolve(found[0])
    }
    server!.stdout!.on('data', listen)
    server!.stderr!.on('data', listen)
    server!.once('exit', () => reject(new Error(`The server did not start:\n${said}`)))
  })
}

async function stop(): Promise<void> {
  const child = server
  server = undefined
  if (!child || child.exitCode !== null) return
  const gone = once(child, 'close')
  process.kill(-child.pid!, 'SIGTERM')
  await gone
}

/** One reader: the cookie that he was given is sent back. */
let cookie = ''
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = {
    'sec-fetch-site': 'same-origin',
    ...(cookie ? { cookie } : {}),
    ...init.headers,
  }
  const response = await fetch(url + path, { ...init, headers })
  cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
  return response
}
const page = async (): Promise<string> => (await ask('/')).text()
const prompt = (text: string, headers: Record<string, string> = HTMX): Promise<Response> =>
  ask('/chat', { method: 'POST', body: new URLSearchParams({ prompt: text }), headers })
/** A question whose answer, which repeats it word by word, takes longer than all that is done meanwhile. */
const LONG = 'Why? '.repeat(500)
const HTMX = { 'hx-request': 'true', accept: 'text/html, text/event-stream' }

async function readUntil(response: Response, fits: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (fits.test(text)) break
  }
  return text
}

/** What a reader of the page would try after each step. */
const checks: Record<string, () => Promise<void>> = {
  '1. An empty folder': async () => {
    expect(await readdir(folder)).toEqual([
      'node_modules',
      'package.json',
      'templates',
      'tsconfig.json',
    ])
  },
  '2. A page': async () => {
    const html = await page()
    expect(html).toContain('<h1>Chat</h1>')
    const script = await ask(/<script src="([^"]+)"/.exec(html)![1]!)
    expect(script.headers.get('content-type')).toContain('javascript')
  },
  '3. A stream': async () => {
    await start()
    const response = await prompt('Why <b>?')
    const events: ReadEvent[] = []
    for await (const event of readEvents(response)) events.push(event)
    expect(new Set(shownAfterEach(events, { htmx: 2 })).size).toBeGreaterThan(8)
    expect(shownAtEnd(events, { htmx: 2 })).toContain('You asked: **Why &lt;b&gt;?**')
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
    const finished = await (await prompt('Why?', { accept: 'text/html' })).text()
    expect(finished).toMatch(
      /<div id="log">[^]*<h2>Why\?<\/h2>[^]*A model will stand here[^]*<form/,
    )
  },
  '4. Markdown': async () => {
    await start()
    const text = await (await prompt('Why?')).text()
    expect(text).toContain('<p>You asked: <strong>Why?</strong></p>')
    expect(text).toContain('<li>A model will stand here.</li>')
  },
  '5. Stop, and reload': async () => {
    await start()
    const started = await readUntil(await prompt(LONG), /\/stop"/)
    const [, path] = /hx-post="([^"]+)\/stop"/.exec(started)!
    expect(await page()).toContain(`hx-sse:connect="${path}"`)
    const again = await ask(path!, { headers: HTMX })
    expect((await ask(`${path}/stop`, { method: 'POST' })).status).toBe(204)
    expect(await again.text()).toMatch(
      /You[^]*Stopped\.[^]*event: done\ndata: {"reason":"stopped"}\n\n$/,
    )
  },
  '6. A test': async () => {
    const file = join(folder, 'chat.test.ts')
    const right = await readFile(file, 'utf8')
    await writeFile(file, right.replace('reason":"stopped', 'reason":"done'))
    const failed = run('npm', ['test'], { cwd: folder, env: environment() })
    await expect(failed, 'a test that must fail').rejects.toThrow(/Command failed/)
    await writeFile(file, right)
  },
  '7. A real model': async () => {
    expect(await (await prompt('Why?')).text()).toContain('<strong>Because.</strong>')
  },
}

/** Speaks as OpenAI does. */
const provider = createServer((_, response) => {
  const delta = {
    choices: [{ index: 0, delta: { content: '**Because.**' }, finish_reason: 'stop' }],
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(
    `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', ...delta })}\n\ndata: [DONE]\n\n`,
  )
})
beforeAll(async () => {
  provider.listen(0, '127.0.0.1')
  await once(provider, 'listening')
})
afterAll(() => provider.close())

describe('the tutorial', () => {
  test('has the steps that are checked here', () => {
    expect(steps.map(({ title }) => title)).toEqual(Object.keys(checks))
  })

  test.each(steps)('$title', async (step) => {
    const { port } = provider.address() as { port: number }
    await follow(step, { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` })
    const compiled = await run('node_modules/.bin/tsc', [], { cwd: folder }).catch(
      (failed) => failed,
    )
    // Nothing is there to be compiled at first.
    if (step !== steps[0]) expect(compiled.stdout).toBe('')
    await expect(checks[step.title]!()).resolves.toBe(undefined)
  })
})
