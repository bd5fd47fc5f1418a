import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { parse } from 'docker-file-parser'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runCommand } from '../../src/cli/command.ts'
import { newApp, type NewOptions } from '../../src/cli/new.ts'
import { useEmptyProject } from '../support/empty-project.ts'

const KINDS = ['chat', 'documents', 'dashboard', 'blank']

let root = ''
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'swapstream-new-'))))
afterEach(() => rmSync(root, { recursive: true }))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const make = (name: string, options: NewOptions = {}) => newApp(name, { root, ...options })
const manifestOf = (name: string) => JSON.parse(read(`${name}/package.json`))

const emptyProject = useEmptyProject()

test('a new app of each kind compiles, passes its tests and its check, starts and stops', async () => {
  const { folder, install, inside, run } = await emptyProject()
  cpSync('create-swapstream', join(folder, 'node_modules/create-swapstream'), { recursive: true })
  const begin = (kind: string) =>
    kind === 'blank'
      ? // What npm create swapstream runs.
        run('node', 'node_modules/create-swapstream/create-swapstream.js', kind, '--kind', kind)
      : run('swapstream', 'new', kind, '--kind', kind)
  await Promise.all(
    KINDS.map(async (kind) => {
      const made = await begin(kind)
      expect(made).toMatchObject({ code: 0, stderr: '' })
      expect(made.stdout).toMatch(/next: cd .*\nnext: npm install\nnext: npm start\n$/)
      const app = inside(kind)
      const { dependencies, devDependencies } = JSON.parse(
        readFileSync(join(app.folder, 'package.json'), 'utf8'),
      )
      install(...Object.keys({ ...dependencies, ...devDependencies }))
      // As its scripts do. The compiled program needs no second process for TypeScript; scripts/packed.ts runs them.
      expect(await app.run('tsc')).toEqual({ code: 0, stdout: '', stderr: '' })
      rmSync(join(app.folder, 'src'), { recursive: true })
      const [tested, checked] = await Promise.all([
        app.run('node', '--test', 'dist/app.test.js'),
        app.run('swapstream', 'check', '--app', 'dist/server.js'),
      ])
      expect(tested).toMatchObject({ code: 0, stdout: expect.stringContaining('fail 0') })
      expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('No faults') })
      // As its image does.
      const url = await app.start('node', 'dist/server.js')
      const page = await fetch(url)
      expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
      expect(await page.text()).not.toMatch(/<script>|<style|Sample name/)
      expect((await fetch(`${url}/health`)).status).toBe(200)
    }),
  )
})

test('create-swapstream has the version of swapstream, and needs that one', () => {
  const { dependencies, version } = JSON.parse(
    readFileSync('create-swapstream/package.json', 'utf8'),
  )
  const own = JSON.parse(readFileSync('package.json', 'utf8'))
  expect([version, dependencies]).toEqual([
    own.version,
    { hono: own.peerDependencies.hono, swapstream: `^${own.version}` },
  ])
})

test('all files of new apps are packed', () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }] = JSON.parse(
    execFileSync('npm', args, { encoding: 'utf8', stdio: 'pipe' }),
  ) as [{ files: { path: string }[] }]
  const packed = new Set(files.map(({ path }) => path))
  const stored = readdirSync('templates/new', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  expect(stored.length).toBeGreaterThan(20)
  expect(stored.filter((file) => !packed.has(file))).toEqual([])
})

describe.each(KINDS)('a new app of the kind %s', (kind) => {
  test.each([
    ['none', 'memory'],
    ['openai:gpt-4.1-mini', 'redis'],
    ['ollama:llama3.2', 'memory'],
    ['none', 'redis'],
  ])(
    'with the model %s and the store %s has what it imports, and nothing of a sample',
    async (model, store) => {
      const { written } = await make('my-app', { kind, model, store })
      const texts = new Map(written.map((file) => [file, read(file)]))
      expect([...texts.values()].join('')).not.toMatch(/sample/i)
      const { dependencies, devDependencies } = manifestOf('my-app')
      for (const [file, text] of texts) {
        if (!file.endsWith('.ts')) continue
        const names = [...text.matchAll(/ from '((?:@[^/']+\/)?[^./'][^/']*)/g)].map(
          ([, name]) => name!,
        )
        const known = { ...dependencies, ...(file.endsWith('.test.ts') && devDependencies) }
        for (const name of names.filter((each) => !each.startsWith('node:')))
          expect(known, file).toHaveProperty(name)
        // Every file that it imports is there.
        for (const [, path] of text.matchAll(/ from '\.\/([^']+)'/g))
          expect(written).toContain(`my-app/src/${path}`)
      }
      expect('ai' in dependencies).toBe(model !== 'none')
      expect('redis' in dependencies).toBe(store === 'redis')
      for (const range of Object.values({ ...dependencies, ...devDependencies }))
        expect(range).toMatch(/^\^\d+/)
      const names = written.map((file) => basename(file))
      for (const file of ['.gitignore', '.dockerignore', '.env.example', 'Dockerfile', 'README.md'])
        expect(names.filter((name) => name === file)).toEqual([file])
      expect(read('my-app/.gitignore')).toMatch(/^\.env$/m)
      expect(read('my-app/.dockerignore')).toMatch(/^\.env$/m)
    },
  )
})

test('the variables of its model are in .env.example, commented out where none was chosen', async () => {
  await make('one', { model: 'anthropic:claude-haiku-4-5' })
  expect(read('one/.env.example')).toMatch(
    /^MODEL=anthropic:claude-haiku-4-5\nANTHROPIC_API_KEY=$/m,
  )
  expect(manifestOf('one').dependencies).toHaveProperty('@ai-sdk/anthropic')
  await make('two', { model: 'ollama:llama3.2' })
  expect(read('two/.env.example')).toMatch(/^MODEL=ollama:llama3.2\nOLLAMA_HOST=$/m)
  await make('three')
  expect(read('three/.env.example')).toMatch(/^# MODEL=.*\n# OPENAI_API_KEY=$/m)
  expect(read('three/README.md')).toMatch(/^npm install ai@\^6 @ai-sdk\/openai-compatible@\^2$/m)
  expect(read('one/README.md')).not.toContain('npm install ai')
})

test('its image is built in stages, runs as node without a shell, and tells its health', async () => {
  await make('my-app')
  const commands = parse(read('my-app/Dockerfile'))
  const stages = commands.filter(({ name }) => name === 'FROM').map(({ args }) => String(args))
  expect(stages).toEqual(['node:24-slim AS build', 'node:24-slim'])
  const last = commands.findLastIndex(({ name }) => name === 'FROM')
  const runs = Object.fromEntries(commands.slice(last).map(({ name, args }) => [name, args]))
  expect(runs).toMatchObject({
    USER: 'node',
    ENV: { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '3000' },
    CMD: ['node', 'dist/server.js'],
    HEALTHCHECK: expect.stringMatching(/CMD \["node", .*\/health/),
  })
  expect(runs).not.toHaveProperty('RUN')
})

test('the folder may be there while it is empty, as a repository begins', async () => {
  mkdirSync(join(root, 'apps/mine/.git'), { recursive: true })
  const { next } = await make('apps/mine')
  expect(next[0]).toBe('cd apps/mine')
  expect(manifestOf('apps/mine').name).toBe('mine')
  const { next: here } = await newApp('.', { root: join(root, 'apps/empty') }).catch(() => ({
    next: [],
  }))
  expect(here).toEqual(['npm install', 'npm start'])
})

describe('what cannot be made is refused, and nothing is written', () => {
  test.each<[string, NewOptions, RegExp]>([
    ['', {}, /An app needs a name\. .*swapstream new my-app\./],
    ['My App', {}, /"My App" is no name for an app\. .*swapstream new my-app\./],
    ['../Ünï', {}, /no name.*swapstream new n\./],
    ['hono', {}, /A package of the app has it: swapstream new my-app\./],
    ['zod', {}, /A package of the app has it/],
    ['full', {}, /The folder "full" is not empty: it has mine\.txt\. Choose another name\./],
    ['full/mine.txt', {}, /"full\/mine\.txt" is a file\./],
    ['app', { kind: 'chta' }, /no kind "chta" .*did you mean "chat"\?.*--kind chat\./],
    ['app', { kind: 'toString' }, /no kind "toString"/],
    ['app', { store: 'reddis' }, /no store "reddis" .*did you mean "redis"\?/],
    [
      'app',
      { model: 'opnai:gpt' },
      /--model=opnai:gpt names no known provider \(did you mean "openai"\?\)/,
    ],
    ['app', { model: 'openai' }, /names no model: write --model=openai:model/],
  ])('%j with %j', async (name, options, says) => {
    mkdirSync(join(root, 'full'))
    writeFileSync(join(root, 'full/mine.txt'), 'MINE')
    const before = readdirSync(root, { recursive: true })
    await expect(make(name, options)).rejects.toThrow(says)
    expect(readdirSync(root, { recursive: true })).toEqual(before)
  })
})

describe('on a terminal', () => {
  /** Answers one question after the other. Out: what was asked. */
  async function answering(answers: readonly string[], options: NewOptions = {}) {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const left = [...answers]
    let asked = ''
    output.on('data', (data) => {
      asked += data
      if (!String(data).endsWith(']: ')) return
      if (left.length > 0) input.write(`${left.shift()}\n`)
      else input.end()
    })
    await make('my-app', { ...options, terminal: { input, output } })
    return asked
  }

  test('it asks for the kind, the model and the store; an empty answer takes the first', async () => {
    const asked = await answering(['2', '', 'redis'])
    expect(asked).toMatch(/1 {2}chat[^]*4 {2}blank[^]*provider:model[^]*1 {2}memory/)
    expect(manifestOf('my-app').dependencies).toMatchObject({ minisearch: /./, redis: /./ })
  })

  test('it asks again after what it cannot use', async () => {
    const asked = await answering(['dashbord', '3', '9', '1'])
    expect(asked).toMatch(/did you mean "dashboard"\?[^]*There is no store "9"/)
    expect(read('my-app/src/app.ts')).toContain('liveState')
  })

  test('it asks only what the flags leave open and the kind has a use for', async () => {
    expect(await answering(['none'], { kind: 'blank' })).not.toMatch(/memory|dashboard/)
    rmSync(join(root, 'my-app'), { recursive: true })
    expect(await answering([], { kind: 'chat', model: 'none', store: 'memory' })).toBe('')
    rmSync(join(root, 'my-app'), { recursive: true })
    expect(await answering([], { yes: true })).toBe('')
  })

  test('answers may be there before their questions', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    input.end('2\n\n2\n')
    await make('my-app', { terminal: { input, output: output.resume() } })
    expect(manifestOf('my-app').dependencies).toMatchObject({ minisearch: /./, redis: /./ })
  })

  test('a terminal that closes writes nothing', async () => {
    await expect(answering(['1'])).rejects.toThrow(/Nothing is written\. Give flags/)
    expect(readdirSync(root)).toEqual([])
  })
})

test.each([
  [['--version'], /^\d+\.\d+\.\d+\n$/],
  [['new', '--version'], /^\d+\.\d+\.\d+\n$/],
  [['new', '--help'], /^ {2}swapstream new NAME(?!.*swapstream check)/s],
  [['add', '-h'], /^ {2}swapstream add(?!.*swapstream check)/s],
  [['bundle', '--help'], /^ {2}swapstream bundle(?!.*swapstream check)/s],
  [['nowhere', '--help'], /swapstream new[^]*swapstream explain[^]*--version/],
])('%j prints its own part', async (args, says) => {
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  expect(await runCommand(args)).toBe(0)
  const text = printed.mock.calls.map(([line]) => String(line)).join('')
  printed.mockRestore()
  expect(text).toMatch(says)
})
