import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createRuns, type Runs } from 'swapstream'
import { openStream } from 'swapstream/testing'
import { createApp } from '../../../examples/ask/app.ts'
import type { Answerer } from '../../../examples/ask/model.ts'
import type { SearchIndex } from '../../../examples/ask/search-index.ts'
import { timersRunning } from '../../../src/shared/clock.ts'
import { expectNothingLeft } from '../../support/eventually.ts'
import { sampleCorpus } from '../../support/sample-corpus.ts'

const SAME = { 'sec-fetch-site': 'same-origin' }
const QUESTION = 'How do I clean a teapot?'

describe('the demo', () => {
  const opened: Runs[] = []
  let index: SearchIndex
  let extractive: Answerer
  beforeAll(() => {
    ;({ index, answerer: extractive } = sampleCorpus(0))
  })
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
    await expectNothingLeft(timersRunning)
  })

  function setUp(answerer = extractive, waitMs = 6_000) {
    const runs = createRuns()
    opened.push(runs)
    const asked: string[] = []
    const counted: Answerer = {
      ...answerer,
      answer(question, ...rest) {
        asked.push(question)
        return answerer.answer(question, ...rest)
      },
    }
    const corpus = { name: 'kitchen', examples: [] }
    const app = createApp({ index, answerer: counted, corpus, runs, waitMs })
    let cookie = ''
    const get = async (path: string, headers = {}): Promise<string> => {
      const response = await app.request(path, { headers: { ...SAME, cookie, ...headers } })
      cookie ||= response.headers.get('set-cookie')?.split(';')[0] ?? ''
      return response.text()
    }
    const post = async (form: Record<string, string>, headers = {}): Promise<Response> =>
      app.request('/ask', {
        method: 'POST',
        body: new URLSearchParams(form),
        headers: { ...SAME, cookie, ...headers },
      })
    return { app, get, post, asked, cookie: () => cookie }
  }
  const turnsIn = (html: string): string[] =>
    [...html.matchAll(/<article class="turn" id="turn-([\w-]+)"/g)].map(([, id]) => id!)

  it('sends the text of a turn as it settles, not anew with each word', async () => {
    const { app } = setUp()
    const stream = await openStream(app, '/ask', {
      method: 'POST',
      body: new URLSearchParams({ question: QUESTION }),
      headers: SAME,
    })
    const events = await stream.all()
    const whole = events.filter(({ data }) => data.includes('class="message"'))
    expect(whole[0]!.data).toMatch(/class="source"/)
    expect(whole.length).toBeLessThanOrEqual(2)
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
  })

  it('answers while the documents are read what a named package answers, and says otherwise how far they are', async () => {
    index.read = 0.5
    try {
      const patient = setUp(extractive, 1e9)
      const named = await (await patient.post({ question: 'How do I clean teapots?' })).text()
      expect(named).toContain('baking soda')
      expect(named).not.toContain('% of the documentation')

      const hurried = setUp(extractive, 0)
      for (const question of ['What sounds when steam leaves?', 'What is the capital of France?']) {
        const partly = await (await hurried.post({ question })).text()
        expect(partly).toContain('Only 50 % of the documentation was read by then.')
      }
    } finally {
      index.read = 1
    }
  })

  it('asks no model for any GET, whatever the link and wherever it comes from', async () => {
    const { get, asked } = setUp()
    for (const site of ['none', 'same-origin', 'cross-site'])
      await get(`/?q=${QUESTION}`, { 'sec-fetch-site': site })
    await get(`/?q=${QUESTION}&c=abcdefgh`)
    expect(asked).toEqual([])
  })

  it('lets a link begin by itself only when no other site led there', async () => {
    const { get } = setUp()
    const begins = async (headers: object): Promise<boolean> =>
      (await get(`/?q=${QUESTION}`, headers)).includes('hx-trigger="load"')
    expect(await begins({ 'sec-fetch-site': 'none' })).toBe(true)
    expect(await begins({ 'sec-fetch-site': 'same-origin' })).toBe(true)
    expect(await begins({ 'sec-fetch-site': 'cross-site' })).toBe(false)
    expect(await begins({ 'sec-fetch-site': '' })).toBe(false)
    expect(await begins({ 'sec-fetch-site': 'none', 'sec-purpose': 'prefetch;prerender' })).toBe(
      false,
    )
  })

  it('refuses a request from another site', async () => {
    const { post, asked } = setUp()
    const response = await post({ question: QUESTION }, { 'sec-fetch-site': 'cross-site' })
    expect([response.status, asked]).toEqual([403, []])
  })

  it('remembers a conversation for the browser that has it, and for no other', async () => {
    const { get, post, asked } = setUp()
    await get('/')
    const first = await (
      await post({ question: QUESTION, conversation: 'abcd', after: 'abcd' })
    ).text()
    const [after] = turnsIn(first)
    await (
      await post({ question: 'And what about pouring?', conversation: 'abcd', after: after! })
    ).text()
    const page = await get('/?c=abcd')
    expect(turnsIn(page)).toHaveLength(2)
    expect(page).toContain('Pour slowly')
    expect(turnsIn(await get('/?c=abcd', { cookie: '' }))).toEqual([])
    expect(turnsIn(await get('/?c=other'))).toEqual([])
    expect(asked).toHaveLength(2)
  })

  it('is paid for once when the same form comes twice, at the same time', async () => {
    const { get, post, asked } = setUp()
    await get('/')
    const form = { question: QUESTION, conversation: 'abcd', after: 'abcd' }
    const both = await Promise.all([post(form), post(form)])
    const ids = await Promise.all(both.map(async (each) => turnsIn(await each.text())))
    expect(ids[1]).toEqual(ids[0])
    expect(asked).toEqual([QUESTION])
  })

  it('tries the last turn again in its place, and an earlier one behind the last', async () => {
    const { get, post, asked } = setUp()
    await get('/')
    const ask = async (form: Record<string, string>): Promise<string> =>
      turnsIn(await (await post({ conversation: 'abcd', ...form })).text())[0]!
    const first = await ask({ question: QUESTION, after: 'abcd' })
    const again = await ask({ question: '', retry: 'abcd', after: first })
    expect(turnsIn(await get('/?c=abcd'))).toEqual([again])
    const second = await ask({ question: 'Who pours?', after: again })
    const behind = await ask({ question: '', retry: 'abcd', after: second })
    expect(turnsIn(await get('/?c=abcd'))).toEqual([again, second, behind])
    expect(asked).toEqual([QUESTION, QUESTION, 'Who pours?', QUESTION])
  })

  it('keeps what was written before it failed, with Retry, for a page without scripts, too', async () => {
    const { get, post } = setUp({
      ...extractive,
      async *answer() {
        yield 'The first words.'
        throw new Error('SECRET')
      },
    })
    await get('/')
    const form = { question: QUESTION, conversation: 'abcd', after: 'abcd' }
    const response = await post(form, { accept: 'text/html' })
    expect(response.status).toBe(500)
    const page = await get('/?c=abcd')
    expect(page).toContain('<p>The first words.</p>')
    expect(page).toContain('name="retry" value="abcd"')
    expect(page + (await response.text())).not.toContain('SECRET')
  })

  it('shows 30 turns of a conversation at most', async () => {
    const { get, post } = setUp()
    await get('/')
    let after = 'abcd'
    for (let n = 0; n < 32; n++) {
      const page = await (await post({ question: QUESTION, conversation: 'abcd', after })).text()
      after = turnsIn(page)[0]!
    }
    expect(turnsIn(await get('/?c=abcd'))).toHaveLength(30)
  })

  it('takes nothing for a place that is none', async () => {
    const { get, post } = setUp()
    await get('/')
    for (const after of ['', '../x', 'a'.repeat(500), '"><script>']) {
      const page = await (
        await post({ question: QUESTION, conversation: after, after, retry: after })
      ).text()
      expect(turnsIn(page)).toHaveLength(1)
      expect(page).not.toContain('<script>"')
      expect(page).toMatch(/name="conversation" value="[\w-]{8}"/)
    }
  })

  it.each([
    ['', /Type a question first/],
    ['x'.repeat(2_001), /at most 2000 characters/],
  ])('says what is wrong with a question, and asks nothing', async (question, said) => {
    const { post, asked } = setUp()
    const response = await post({ question })
    expect([response.status, asked]).toEqual([422, []])
    expect(await response.text()).toMatch(said)
  })
})
