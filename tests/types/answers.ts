import { Hono } from 'hono'
import * as v from 'valibot'
import { z } from 'zod'
import {
  errorPages,
  EventStream,
  FormResult,
  Fragment,
  htmxHeaders,
  Page,
  readForm,
  htmxRequest,
  STOP_POLLING,
  type StreamEnd,
} from '../../src/core.ts'

/** Compiled, never run: the answers around streams. */
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(...wrong: Equal<A, B> extends true ? [] : [never]): void

const app = new Hono<{ Variables: { user: string } }>()
app.get(
  '/',
  () => new Page('a.html', {}, { block: 'b', blocks: { side: 'menu' }, status: STOP_POLLING }),
)
app.post('/form', async (c) => {
  const sent = await readForm(c, z.object({ n: z.coerce.number() }))
  if (!sent.ok) {
    same<typeof sent.errors, Readonly<Record<string, string>>>()
    // @ts-expect-error a form that does not fit has no value
    void sent.value
    return new Page('a.html', { ...sent }, { block: 'form', status: 422 })
  }
  same<typeof sent.value, { n: number }>()
  if (sent.value.n > 1) return c.redirect('/')
  return new FormResult('/', { fragments: [new Fragment('a.html', 'b')], trigger: { a: { b: 1 } } })
})
app.post('/valibot', async (c) => {
  const sent = await readForm(c, v.object({ tags: v.array(v.string()) }))
  if (sent.ok) same<typeof sent.value, { tags: string[] }>()
  return new EventStream(['a'], {
    retryMs: 5,
    onEnd: (end) => {
      same<typeof end, StreamEnd>()
      same<typeof end.final, unknown>()
    },
  })
})
errorPages(app, { template: 'error.html', block: 'error' })
same<ReturnType<typeof htmxRequest>['target'], string | undefined>()
htmxHeaders({ trigger: 'a', pushUrl: false, refresh: true })

// @ts-expect-error no schema
void readForm({} as never, { n: 'number' })
// @ts-expect-error a header that htmx does not have
htmxHeaders({ triggers: 'a' })
// @ts-expect-error no text
htmxHeaders({ redirect: 1 })
// @ts-expect-error no fragments
void new FormResult('/', { fragments: ['a'] })
// @ts-expect-error nowhere to go
void new FormResult()
// @ts-expect-error blocks are named
void new Page('a.html', {}, { blocks: ['a'] })
// @ts-expect-error no time
void new EventStream(['a'], { retryMs: '5' })
// @ts-expect-error an option that does not exist
errorPages(app, { page: 'error.html' })
