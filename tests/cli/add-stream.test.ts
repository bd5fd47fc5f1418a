import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addStream } from '../../src/cli/add-stream.ts'

let root = ''
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'swapstream-'))))
afterEach(() => rmSync(root, { recursive: true }))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const write = (file: string, text: string): void => {
  mkdirSync(join(root, file, '..'), { recursive: true })
  writeFileSync(join(root, file), text)
}

describe('a stream that is added', () => {
  test('names all that its test needs', () => {
    expect(addStream('chat', { root, fragment: true }).next).toEqual([
      'npm install hono @hono/node-server swapstream zod',
      'npm install -D @types/node tsx typescript parse5',
      'node --import tsx --test src/streams/chat.test.ts',
    ])
    const needs = read('src/streams/chat.test.ts').includes("'swapstream/testing'")
    addStream('feed', { root })
    const plain = read('src/streams/feed.test.ts').includes("'swapstream/testing'")
    expect([needs, plain]).toEqual([true, false])
  })

  test('carries its name in every spelling, and nothing of the sample', () => {
    const { written } = addStream('live-feed', { root, fragment: true })
    const text = written.map(read).join('')
    expect(text).not.toMatch(/sample/i)
    expect(read('src/streams/live-feed.ts')).toMatch(
      /type LiveFeedInput[^]*const liveFeedStream[^]*'\/live-feed'/,
    )
    expect(read('templates/live-feed.html')).toContain('<title>Live feed</title>')
    expect(read('src/streams/index.ts')).toMatch(
      /^\/\*\*.*\*\/\nexport { routes as liveFeed } from '\.\/live-feed\.ts'\n$/,
    )
  })

  test('is listed once, behind those that are there', () => {
    write('src/streams/index.ts', "export { mine } from './mine.ts'")
    addStream('one', { root })
    addStream('two', { root })
    const list =
      "export { mine } from './mine.ts'\nexport { routes as one } from './one.ts'\nexport { routes as two } from './two.ts'\n"
    expect(read('src/streams/index.ts')).toBe(list)
    const again = addStream('one', { root, force: true })
    expect(again.written).toEqual(['src/streams/one.ts', 'src/streams/one.test.ts'])
    expect(read('src/streams/index.ts')).toBe(list)
  })

  test.each([
    ['src/streams/chat.ts', /There is src\/streams\/chat\.ts already/],
    ['src/streams/chat.test.ts', /chat\.test\.ts already/],
    ['templates/chat.html', /templates\/chat\.html already/],
  ])('never takes the place of %s by itself', (file, says) => {
    write(file, 'MINE')
    const before = readdirSync(root, { recursive: true })
    expect(() => addStream('chat', { root, fragment: true })).toThrow(says)
    expect(() => addStream('chat', { root, fragment: true })).toThrow(/--force/)
    expect([readdirSync(root, { recursive: true }), read(file)]).toEqual([before, 'MINE'])
    const { written } = addStream('chat', { root, fragment: true, force: true })
    expect(written).toContain(file)
    expect(read(file)).not.toBe('MINE')
  })

  test('leaves the app that is there alone, even by force, and says how to serve it', () => {
    const files = {
      'package.json': '{"type":"module"}',
      'tsconfig.json': '{}',
      'src/app.ts': 'APP',
    }
    for (const [file, text] of Object.entries(files)) write(file, text)
    const { written, next } = addStream('chat', { root, force: true })
    expect(written).toEqual([
      'src/streams/chat.ts',
      'src/streams/chat.test.ts',
      'src/streams/index.ts',
    ])
    for (const [file, text] of Object.entries(files)) expect(read(file)).toBe(text)
    expect(next).toEqual([
      'npm install hono @hono/node-server swapstream zod',
      'npm install -D @types/node tsx typescript',
      "serve what src/streams/index.ts lists: for (const routes of Object.values(streams)) app.route('/', routes)",
      'node --import tsx --test src/streams/chat.test.ts',
    ])
    write('src/app.ts', "import * as streams from './streams/index.ts'")
    write(
      'package.json',
      '{"dependencies":{"hono":"4","@hono/node-server":"2","swapstream":"0","zod":"4","tsx":"4"}}',
    )
    expect(addStream('two', { root }).next).toEqual([
      'npm install -D @types/node typescript',
      'npm pkg set type=module',
      'node --import tsx --test src/streams/two.test.ts',
    ])
    const { next: ofPage } = addStream('live-feed', { root, fragment: true })
    expect(ofPage).toContain('link its page: <a href="/live-feed">Live feed</a>')
  })

  test('speaks as the project does: its runner of tests, its way to import, its folder', () => {
    write('package.json', '{"devDependencies":{"vitest":"4"}}')
    write('tsconfig.json', '{ "compilerOptions": { "strict": true } }')
    const { next } = addStream('chat', { root, dir: 'app/web' })
    expect(next.at(-1)).toBe('npx vitest run app/web/streams/chat.test.ts')
    expect(read('app/web/streams/chat.test.ts')).toContain("import { test } from 'vitest'")
    expect(read('app/web/streams/chat.test.ts')).toContain("from './chat.js'")
    expect(read('app/web/streams/index.ts')).toContain("from './chat.js'")
    expect(read('app/web/app.ts')).toContain("from './streams/index.js'")
    rmSync(join(root, 'tsconfig.json'))
    rmSync(join(root, 'package.json'))
    addStream('two', { root, dir: 'app/web' })
    expect(JSON.parse(read('tsconfig.json'))).toMatchObject({ include: ['app/web'] })
    expect(JSON.parse(read('package.json'))).toMatchObject({
      scripts: { start: 'tsx app/web/server.ts' },
    })
  })
})

test.each([
  ['Chat Room', 'chat-room'],
  ['chatRoom', 'chat-room'],
  ['../evil', 'evil'],
  ['a/b', 'a-b'],
  ['1st', 'st'],
  ['-', 'live-feed'],
  ['index', 'live-feed'],
  ['', 'live-feed'],
  ["x'; import 'y", 'x-import-y'],
])('%j is no name, and %s would be one', (name, meant) => {
  expect(() => addStream(name, { root })).toThrow(`swapstream add stream ${meant}. See `)
  expect(existsSync(join(root, 'src'))).toBe(false)
})
