import { type } from 'arktype'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import * as v from 'valibot'
import { z } from 'zod'
import { mount, Page, stream, swapstream } from 'swapstream'
import { recordingLog } from '../support/recording-log.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }

function serving(...routes: object[]) {
  const log = recordingLog()
  const app = new Hono()
  const templates = {
    'form.html':
      '<h1>Ask</h1>{% block form %}<p>{{ errors[0].path }}: {{ value }}</p>{% endblock %}',
  }
  app.use(swapstream({ templates, log }))
  mount(app, ...(routes as [object]))
  const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    app.request(path, { method: 'POST', body, headers })
  return { app, log, post }
}

describe('input', () => {
  test('comes from each part of a request, through its schema', async () => {
    const route = stream(
      {
        path: '/of/:id',
        input: {
          json: z.object({ message: z.string().trim() }),
          query: z.object({ tag: z.array(z.string()), page: z.coerce.number() }),
          param: z.object({ id: z.string() }),
          header: z.object({ 'x-team': z.string() }),
          cookie: z.object({ session: z.string() }),
        },
      },
      async function* ({ json, query, param, header, cookie }) {
        yield { json, query, param, header, cookie }
      },
    )
    const { post } = serving(route)
    const response = await post('/of/a%20b?tag=x&tag=%C3%A9&page=2', '{"message":" hi "}', {
      ...JSON_TYPE,
      'x-team': 'blue',
      cookie: 'session=s1',
      origin: 'http://localhost',
      accept: 'application/json',
    })
    expect(await response.json()).toEqual([
      {
        json: { message: 'hi' },
        query: { tag: ['x', 'é'], page: 2 },
        param: { id: 'a b' },
        header: { 'x-team': 'blue' },
        cookie: { session: 's1' },
      },
    ])
  })

  test('of a form may be urlencoded or multipart; one value is a list where the schema wants one', async () => {
    const route = stream(
      {
        path: '/form',
        input: {
          form: z.object({ tag: z.array(z.string()), file: z.instanceof(File).optional() }),
        },
      },
      async function* ({ form }) {
        yield [...form.tag, form.file?.name ?? 'no file']
      },
    )
    const { post } = serving(route)
    const answer = async (body: BodyInit, headers?: Record<string, string>): Promise<unknown> =>
      (await post('/form', body, { accept: 'application/json', ...headers })).json()
    expect(await answer('tag=a', FORM_TYPE)).toEqual([['a', 'no file']])
    expect(await answer('tag=a&tag=b', FORM_TYPE)).toEqual([['a', 'b', 'no file']])
    const form = new FormData()
    form.append('tag', 'a')
    form.append('file', new File(['x'], 'x.txt'))
    expect(await answer(form)).toEqual([['a', 'x.txt']])
  })

  test('names what is wrong, and not what is right as a list of one', async () => {
    const input = { query: z.object({ tag: z.array(z.string()), page: z.coerce.number() }) }
    const { app } = serving(stream({ path: '/q', method: 'GET', input }, async function* () {}))
    const response = await app.request('/q?tag=a&page=x')
    expect((await response.json()).errors).toMatchObject([{ in: 'query', path: 'page' }])
  })

  test.each([
    ['zod', z.object({ user: z.object({ names: z.array(z.string()) }) })],
    ['valibot', v.object({ user: v.object({ names: v.array(v.string()) }) })],
    ['arktype', type({ user: { names: 'string[]' } })],
  ])('that does not fit is 422 before anything runs, with %s', async (_, json) => {
    let started = false
    const { post, log } = serving(
      stream({ path: '/chat', input: { json } }, async function* () {
        started = true
      }),
    )
    const response = await post('/chat', '{"user":{"names":["a",1]}}', JSON_TYPE)
    expect(response.status).toBe(422)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const problem = await response.json()
    expect(problem).toEqual({
      title: 'This request does not fit.',
      status: 422,
      detail: expect.stringContaining('user.names.1: '),
      errors: [{ in: 'json', path: 'user.names.1', message: expect.any(String) }],
      code: 'input/invalid',
      id: expect.any(String),
    })
    expect(started).toBe(false)
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { id: problem.id, status: 422 } }])
  })

  test('all faults of all parts are reported at once', async () => {
    const route = stream(
      {
        path: '/chat',
        input: { json: z.object({ a: z.string() }), query: z.object({ b: z.string() }) },
      },
      async function* () {},
    )
    const { post } = serving(route)
    const { errors } = await (await post('/chat', '{}', JSON_TYPE)).json()
    expect(errors.map((e: { in: string; path: string }) => `${e.in} ${e.path}`)).toEqual([
      'json a',
      'query b',
    ])
  })

  const json = { json: z.object({}) }
  const form = { form: z.object({}) }
  test.each([
    ['broken JSON', json, '{', JSON_TYPE, 400],
    ['no JSON at all', json, '', JSON_TYPE, 400],
    ['JSON that is not UTF-8', json, new Uint8Array([34, 255, 34]), JSON_TYPE, 400],
    ['JSON under another name', json, '{}', { 'content-type': 'text/plain' }, 415],
    ['JSON under no name', json, new Uint8Array([123, 125]), {}, 415],
    ['a JSON dialect', json, '{}', { 'content-type': 'application/ld+json; charset=utf-8' }, 200],
    ['JSON for a form', form, '{}', JSON_TYPE, 415],
    ['a form that is not UTF-8', form, 'a=%FF', FORM_TYPE, 400],
    ['a form with a bare %', form, 'a=100%', FORM_TYPE, 200],
    ['broken multipart', form, 'x', { 'content-type': 'multipart/form-data; boundary=b' }, 400],
  ])('%s', async (_, input, body, headers, status) => {
    const { post } = serving(
      stream({ path: '/chat', input }, async function* () {
        yield 'ok'
      }),
    )
    const response = await post('/chat', body, headers)
    expect(response.status).toBe(status)
    if (status !== 200) {
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({ status })
    }
  })
})

describe('a person whose input does not fit gets', () => {
  const input = { form: z.object({ prompt: z.string().min(1, '<b>Say</b> something.') }) }

  test('an escaped notice', async () => {
    const { post } = serving(stream({ path: '/chat', input }, async function* () {}))
    const response = await post('/chat', 'prompt=', { ...FORM_TYPE, 'HX-Request': 'true' })
    expect(response.status).toBe(422)
    expect(await response.text()).toContain('prompt: &lt;b&gt;Say&lt;/b&gt; something.')
  })

  test('the form again, or whatever the route has for that', async () => {
    const chat = stream(
      {
        path: '/chat',
        input,
        invalid: (errors, { form }) =>
          new Page('form.html', { errors, value: form?.['prompt'] }, { block: 'form' }),
      },
      async function* () {},
    )
    const plain = stream(
      { path: '/plain', input, invalid: (_, __, c) => c.text('No.', 418) },
      async function* () {},
    )
    const { post } = serving(chat, plain)
    const htmx = { ...FORM_TYPE, 'HX-Request': 'true' }
    const fragment = await post('/chat', 'prompt=', htmx)
    expect([fragment.status, await fragment.text()]).toEqual([422, '<p>prompt: </p>'])
    const page = await post('/chat', 'prompt=', { ...FORM_TYPE, accept: 'text/html' })
    expect([page.status, await page.text()]).toEqual([422, '<h1>Ask</h1><p>prompt: </p>'])
    expect((await post('/plain', 'prompt=', htmx)).status).toBe(418)
    const program = await post('/chat', 'prompt=', FORM_TYPE)
    expect((await program.json()).errors).toHaveLength(1)
  })
})
