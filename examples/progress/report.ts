import { setTimeout as sleep } from 'node:timers/promises'
import { Fragment, Page, stream } from 'swapstream'
import { z } from 'zod'

const input = {
  form: z.object({
    pages: z.coerce.number('Type a number.').int().min(1, 'At least one.').max(50, 'At most 50.'),
  }),
}

/** For programs: events, NDJSON or one JSON document, by `Accept`. Invalid values are never sent. */
export const write = stream(
  {
    path: '/api/report',
    input: { json: z.object({ pages: z.int().min(1).max(50) }) },
    chunk: z.object({ done: z.int() }),
    final: z.object({ url: z.string() }),
  },
  async function* ({ json, signal }) {
    for (let done = 1; done <= json.pages; done++) {
      await sleep(80, undefined, { signal })
      yield { done }
    }
    return { url: `/reports/${json.pages}` }
  },
)

/** For people: the same work, rendered as a progress bar. */
export const report = stream(
  {
    path: '/report',
    input,
    encoding: 'fragments',
    invalid: ([error], { form }) =>
      new Page(
        'report.html',
        { problem: error?.message, pages: form?.['pages'] },
        { block: 'form', target: '#ask' },
      ),
  },
  async function* ({ form: { pages: total }, signal }) {
    const state = (done: number, url?: string): Fragment =>
      new Fragment('report.html', 'progress', { total, done, url })
    yield state(0)
    const work = write({ json: { pages: total }, signal })
    let step = await work.next()
    for (; !step.done; step = await work.next()) yield state(step.value.done)
    yield state(total, step.value.url)
  },
)
