import { Hono } from 'hono'
import { beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, mount, swapstream } from 'swapstream'
import { importCompiled } from '../support/compiled.ts'
import { recordingLog } from '../support/recording-log.ts'

type Hosts = typeof import('./fixtures/hosts.ts')
let hosts: Hosts
beforeAll(async () => {
  hosts = await importCompiled<Hosts>('tests/declared/fixtures/hosts.ts')
})

function serving(...mounted: object[]): Hono {
  const app = new Hono()
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  mount(app, ...(mounted as [object]))
  return app
}

const code = (run: () => unknown): string | undefined => {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error.code
    throw error
  }
  return undefined
}

describe('decorated streams, compiled by tsc,', () => {
  test('are served, with their class, its fields and their input', async () => {
    const app = serving(hosts.Support)
    hosts.order.length = 0
    const response = await app.request('/ask', {
      method: 'POST',
      body: '{"question":"Why?"}',
      headers: { 'content-type': 'application/json' },
    })
    expect(await response.text()).toBe('data: Hello: Why?\n\n')
    expect(hosts.order).toEqual(['base', 'class one', 'class two', 'method', 'option'])
    const bad = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
    expect((await app.request('/ask', bad)).status).toBe(422)
  })

  test('are inherited, unless they are written anew', async () => {
    const app = serving(hosts.Support)
    expect(await (await app.request('/inherited')).text()).toBe('data: Hello, inherited\n\n')
    expect(await (await app.request('/overridden')).text()).toBe('data: derived\n\n')
    expect((await app.request('/hidden')).status).toBe(404)
    expect(await (await serving(hosts.Base).request('/hidden')).text()).toBe('data: base\n\n')
  })

  test('of an instance see that instance', async () => {
    const app = serving(new hosts.WithStore(['a', 'b']))
    expect(await (await app.request('/rows')).text()).toBe('data: a\n\ndata: b\n\n')
    expect(code(() => serving(hosts.WithStore))).toBe('stream/host')
  })

  test('are still methods', async () => {
    const values = []
    for await (const value of new hosts.WithStore(['a']).read()) values.push(value)
    expect(values).toEqual(['a'])
  })

  test('are refused when they cannot work', () => {
    expect(code(() => serving(hosts.Closed))).toBe('stream/guard-missing')
    expect(code(() => serving(hosts.Support, new hosts.Support()))).toBe('stream/duplicate')
    expect(code(hosts.refused['twice']!)).toBe('stream/duplicate')
    expect(code(hosts.refused['static']!)).toBe('stream/host')
    expect(code(hosts.refused['promise']!)).toBe('stream/not-a-generator')
  })

  test.each([
    ['path', 'stream/path'],
    ['path alone', 'stream/path'],
    ['parameter', 'stream/path'],
    ['method', 'stream/method'],
    ['heartbeat', 'stream/option'],
    ['input of a GET', 'stream/input'],
  ])('are refused while their class is defined: %s', (which, expected) => {
    expect(code(hosts.refused[which]!)).toBe(expected)
  })

  test('take the path alone, or before the other options', async () => {
    const app = serving(hosts.ByPath)
    expect(await (await app.request('/by-path')).text()).toBe('data: by its path\n\n')
    const posted = await app.request('/path-alone', { method: 'POST' })
    expect(await posted.text()).toBe('data: by nothing else\n\n')
  })

  test('tell their class and method in errors', () => {
    expect(() => serving(hosts.Closed)).toThrow(/^POST \/closed \(Closed\.run\): auth: true/)
  })
})
