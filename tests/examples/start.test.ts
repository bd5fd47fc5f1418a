import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { eventually } from '../support/eventually.ts'
import { takenPort, usePrograms } from '../support/run-program.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'

const SERVER = 'examples/ask/server.ts'

describe('npm start', () => {
  const run = usePrograms()
  /** A project with a few packages. */
  let project: string
  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'project-'))
    for (const name of ['hono', 'nunjucks'])
      cpSync(join('node_modules', name), join(project, 'node_modules', name), { recursive: true })
  })
  afterAll(() => rmSync(project, { recursive: true }))

  test('indexes the installed packages, says what answers, prints its address, and answers from them', async () => {
    const url = await run(SERVER, [], { PORT: '0' }, project).url
    const page = await (await fetch(url)).text()
    expect(page).toContain('Ask your <code>node_modules</code>')
    expect(page).toContain('No model is configured')
    // On a busy machine the question would be answered from a part of them.
    const reading = await fetch(`${url}/reading`, { headers: { accept: 'text/event-stream' } })
    await reading.text()
    const response = await fetch(`${url}/ask`, {
      method: 'POST',
      body: new URLSearchParams({ question: 'How do I set a cookie in Hono?' }),
      headers: { accept: 'text/event-stream', 'hx-request': 'true' },
    })
    let stream = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      stream += chunk
      if (/class="prose"><p>/.test(stream)) break
    }
    expect(stream).toMatch(
      /^data: (?:<template [^>]*><\/template>)?<article [^]*?class="source"[^]*?class="prose"><p>/,
    )
    expect(stream).toContain('hono')
    expect(stream).not.toContain('\r')
    // Only the end has a name; a fast answer may be whole in one chunk.
    const named = stream.match(/^event: .*/gm) ?? []
    expect(named.filter((line) => line !== 'event: done')).toEqual([])
  })

  test('lists its options and settings with --help, and serves nothing', async () => {
    const { code, stdout, stderr } = await run(SERVER, ['--help'], { PORT: '0' }).ended
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ['--docs PATH', 'PORT', 'MODEL=provider:model', 'OPENAI_API_KEY'])
      expect(stdout).toContain(name)
  })

  test('opens before anything is read, and tells how far it is', async () => {
    const url = await run(SERVER, [], { PORT: '0' }, project).url
    const page = await (await fetch(url)).text()
    expect(page).toMatch(/Reading the documentation: \d+ %|passages of documentation/)
    const reading = await fetch(`${url}/reading`, { headers: { accept: 'text/event-stream' } })
    const events: ReadEvent[] = []
    for await (const event of readEvents(reading)) events.push(event)
    expect(events.at(-2)?.data).toContain('passages of documentation')
    expect(events.at(-1)).toMatchObject({ event: 'done' })
  })

  test('answers from another folder with --docs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-'))
    try {
      writeFileSync(
        join(folder, 'tea.md'),
        '# Tea\n\nGreen tea is brewed at eighty degrees, because hotter water makes it bitter.\n',
      )
      const url = await run(SERVER, ['--docs', folder], { PORT: '0' }).url
      const response = await fetch(`${url}/ask`, {
        method: 'POST',
        body: new URLSearchParams({ question: 'How hot is green tea brewed?' }),
      })
      expect(await response.text()).toMatch(/eighty degrees/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test.each<[string, string[], Record<string, string>, RegExp]>([
    ['a missing --docs folder', ['--docs', '/no/such/folder'], {}, /\/no\/such\/folder/],
    [
      'an unknown provider',
      ['--docs', 'docs/upstream'],
      { MODEL: 'nobody:knows' },
      /MODEL=nobody:knows/,
    ],
    [
      'a model without a provider',
      ['--docs', 'docs/upstream'],
      { MODEL: 'gpt' },
      /MODEL=provider:model/,
    ],
    [
      'a model whose package is not installed',
      ['--docs', 'docs/upstream'],
      { MODEL: 'openai:gpt-4.1-mini', OPENAI_API_KEY: 'x' },
      /npm install .*ai@/,
    ],
    ['an option that does not exist', ['--doc', 'docs'], {}, /--doc'.*npm start -- --help/],
    ['a word that is no option', ['docs'], {}, /'docs'.*npm start -- --help/],
    ['a --docs folder without text', ['--docs', 'bench/rivals'], {}, /bench\/rivals/],
    ['a port that is none', ['--docs', 'docs/upstream'], { PORT: 'http' }, /PORT is "http"/],
  ])('ends with one clear line and exit code 1 for %s', async (_, args, env, said) => {
    const { code, stderr } = await run(SERVER, args, { PORT: '0', ...env }).ended
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(said)
    expect(code).toBe(1)
  })

  test('ends with one clear line and exit code 1 for a taken port', async () => {
    const { port, release } = await takenPort()
    try {
      const { code, stderr } = await run(SERVER, ['--docs', 'docs/upstream'], {
        PORT: String(port),
      }).ended
      expect(stderr).toContain(
        `Port ${port} of 127.0.0.1 is taken by another program. Choose another one: PORT=${port + 1}.`,
      )
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect(code).toBe(1)
    } finally {
      release()
    }
  })
})

describe('npm start, as a user ends it', () => {
  test.each<[string, NodeJS.Signals, boolean]>([
    ['SIGTERM to npm', 'SIGTERM', false],
    ['SIGINT to npm', 'SIGINT', false],
    ['SIGINT to all of it, as Ctrl-C does', 'SIGINT', true],
    ['SIGHUP to all of it, as a closed terminal does', 'SIGHUP', true],
  ])('leaves no process behind after %s', async (_, signal, all) => {
    const args = ['start', '--', '--docs', 'docs/upstream']
    const npm = spawn('npm', args, { detached: true, env: { ...process.env, PORT: '0' } })
    const group = -npm.pid!
    try {
      let output = ''
      for await (const chunk of npm.stdout.iterator({ destroyOnReturn: false })) {
        output += chunk
        if (output.includes('http://localhost:')) break
      }
      const ended = once(npm, 'exit')
      process.kill(all ? group : npm.pid!, signal)
      await ended
      // The last one may need a moment after npm.
      await eventually(() => expect(() => process.kill(group, 0)).toThrow(/ESRCH/))
    } finally {
      try {
        process.kill(group, 'SIGKILL')
      } catch {
        // None is left, as it should be.
      }
    }
  })
})

describe('npm run hello', () => {
  const run = usePrograms('sources')

  test('is at most 15 lines of TypeScript, and streams', async () => {
    const url = await run('examples/hello/server.ts', [], { PORT: '0' }).url
    const response = await fetch(`${url}/chat`, {
      method: 'POST',
      body: new URLSearchParams({ prompt: 'Who <b>are</b> you?' }),
      headers: { accept: 'text/html, text/event-stream', 'hx-request': 'true' },
    })
    const events: ReadEvent[] = []
    for await (const event of readEvents(response)) events.push(event)
    expect(new Set(shownAfterEach(events, { htmx: 2 })).size).toBeGreaterThan(8)
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
    expect(shownAtEnd(events, { htmx: 2 })).toContain('Who &lt;b&gt;are&lt;/b&gt; you?')
  })
})
