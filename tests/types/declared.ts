/**
 * What the compiler says about declared routes. Nothing here runs: `tsc -p tsconfig.json` is the test, and a line under
 * `@ts-expect-error` that compiles is a failure.
 */
import { Hono } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { hc } from 'hono/client'
import * as v from 'valibot'
import { z } from 'zod'
import { type } from 'arktype'
import { bearer, sequenced, mount, NDJSON, Page, stream, streamToFragments } from 'swapstream'
import { Stream, UseGuards } from 'swapstream/decorators'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(...proof: Equal<A, B> extends true ? [] : ['the types differ']): void

type ValuesOf<R> = R extends (...call: never) => AsyncIterableIterator<infer Chunk, infer Final>
  ? [Chunk, Final]
  : never

// Input, chunk and final, of three libraries. What goes in differs from what comes out.
const withZod = stream(
  {
    path: '/zod/:id',
    input: {
      json: z.object({ message: z.string(), pages: z.number().default(1) }),
      param: z.object({ id: z.coerce.number() }),
    },
    chunk: z.object({ kind: z.enum(['pct', 'note']), at: z.iso.date().transform(Number) }),
    final: z.object({ url: z.string() }),
  },
  async function* ({ json, param, signal, lastEventId }) {
    same<typeof json, { message: string; pages: number }>()
    same<typeof param, { id: number }>()
    same<typeof signal, AbortSignal>()
    same<typeof lastEventId, string | undefined>()
    yield { kind: 'pct', at: '2024-01-01' }
    return { url: '/report' }
  },
)
same<ValuesOf<typeof withZod>, [{ kind: 'pct' | 'note'; at: number }, { url: string }]>()

const withValibot = stream(
  {
    path: '/valibot',
    method: 'GET',
    input: {
      query: v.object({ tag: v.array(v.string()) }),
      header: v.object({ 'x-a': v.string() }),
    },
    chunk: v.picklist(['a', 'b']),
    final: v.object({ n: v.pipe(v.string(), v.transform(Number)) }),
  },
  async function* ({ query, header }) {
    same<typeof query, { tag: string[] }>()
    same<typeof header, { 'x-a': string }>()
    yield 'a'
    return { n: '1' }
  },
)
same<ValuesOf<typeof withValibot>, ['a' | 'b', { n: number }]>()

const withArktype = stream(
  { path: '/arktype', input: { form: type({ prompt: 'string > 0' }) }, chunk: type('number') },
  async function* ({ form }) {
    same<typeof form, { prompt: string }>()
    yield 1
  },
)
same<ValuesOf<typeof withArktype>, [number, void]>()

// Without schemas the handler says what goes out.
const free = stream({ path: '/free' }, async function* () {
  yield 'a'
  yield 2
  return { x: true }
})
same<ValuesOf<typeof free>, ['a' | 2, { x: boolean }]>()

// Hooks give typed values.
const hooked = stream(
  {
    path: '/hooked',
    input: { json: z.object({ id: z.string() }) },
    final: z.object({ n: z.number() }),
    before: {
      user: async ({ json, c }) => ({ name: json.id, path: c.req.path }),
      limit: () => 3,
    },
    after: { count: ({ final, before }) => void [final.n, before] },
    guards: [(c) => c.req.method === 'POST', bearer({ token: 'x' }), bearerAuth({ token: 'x' })],
    invalid: (errors, values, c) =>
      new Page('form.html', { errors, path: c.req.path, json: values.json }),
  },
  async function* ({ before }) {
    same<typeof before, { readonly user: { name: string; path: string }; readonly limit: number }>()
    return { n: before.limit }
  },
)

// Calls take what a client sends, and what the hooks would have given.
void withZod({ json: { message: 'hi' }, param: { id: '1' } })
void hooked({ json: { id: '1' }, before: { user: { name: 'a', path: '/' }, limit: 1 } })
void free()
void free({ signal: new AbortController().signal })
// @ts-expect-error the hooks' values are missing
void hooked({ json: { id: '1' } })
// @ts-expect-error the input is missing
void withZod()
// @ts-expect-error the input is of another type
void withZod({ json: { message: 1 }, param: { id: '1' } })

// Routes are made of routes.
stream({ path: '/outer', chunk: v.picklist(['a', 'b', 'c']) }, async function* ({ signal }) {
  const { n } = yield* withValibot({ query: { tag: [] }, header: { 'x-a': '' }, signal })
  same<typeof n, number>()
  yield 'c'
})

// What does not fit does not compile.
stream(
  { path: '/', chunk: z.object({ pct: z.number() }) },
  // @ts-expect-error a wrong chunk, zod
  async function* () {
    yield { pct: '50' }
  },
)
stream(
  { path: '/', chunk: v.object({ pct: v.number() }) },
  // @ts-expect-error a wrong chunk, valibot
  async function* () {
    yield { pct: '50' }
  },
)
stream(
  { path: '/', final: z.object({ url: z.string() }) },
  // @ts-expect-error a missing final, zod
  async function* () {
    yield 1
  },
)
stream(
  { path: '/', final: v.object({ url: v.string() }) },
  // @ts-expect-error a missing final, valibot
  async function* () {
    yield 1
  },
)
stream(
  { path: '/', final: v.object({ url: v.string() }) },
  // @ts-expect-error a wrong final
  async function* () {
    return { url: 1 }
  },
)
// @ts-expect-error an unknown option
stream({ path: '/', chunks: z.string() }, async function* () {})
// @ts-expect-error a part that no request has
stream({ path: '/', input: { body: z.string(), json: z.string() } }, async function* () {})
// @ts-expect-error a path without its slash
stream({ path: 'chat' }, async function* () {})
// @ts-expect-error a method that no stream has
stream({ path: '/', method: 'PUT' }, async function* () {})
// @ts-expect-error no async generator
stream({ path: '/' }, async () => 'text')
// @ts-expect-error no async generator
stream({ path: '/' }, function* () {})
// @ts-expect-error no schema
stream({ path: '/', input: { json: { message: 'string' } } }, async function* () {})
// @ts-expect-error a token, or where it stands
bearer({})

// Any wire, and the one for htmx.
stream({ path: '/', encoding: sequenced }, async function* () {})
stream({ path: '/', encoding: 'fragments' }, async function* () {
  yield* streamToFragments(['a'], 'chat.html', 'response')
})

// The type of an app is not changed, and its own routes stay typed.
const app = new Hono<{ Variables: { user: string } }>().get('/rows', () => new NDJSON(() => [1]))
mount(app, withZod, free)
mount(app, { guards: [bearer({ env: 'TOKEN' })], sseMethods: ['POST'] }, hooked)
void hc<typeof app>('http://localhost').rows.$get()
// @ts-expect-error no such route in its type
void hc<typeof app>('http://localhost').free.$post()

// Decorators check what they cannot infer.
const ask = z.object({ question: z.string() })

@UseGuards(bearer({ env: 'TOKEN' }))
class Support {
  @Stream({ path: '/ask', input: { json: ask }, chunk: z.string() })
  async *ask({ json }: { json: z.output<typeof ask> }): AsyncGenerator<string> {
    yield json.question
  }

  // @ts-expect-error the parameter is not what the schema gives
  @Stream({ path: '/wrong', input: { json: ask } })
  async *wrong({ json }: { json: { question: number } }): AsyncGenerator<number> {
    yield json.question
  }

  // @ts-expect-error a wrong chunk
  @Stream({ path: '/chunk', chunk: z.string() })
  async *chunk(): AsyncGenerator<number> {
    yield 1
  }

  // @ts-expect-error no async generator
  @Stream({ path: '/promise' })
  async promise(): Promise<string> {
    return 'text'
  }
}
mount(app, Support, new Support())
