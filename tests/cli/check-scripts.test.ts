import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { check } from 'swapstream/check'
import { EventStream, swapstream, type SwapstreamOptions } from 'swapstream'

async function notesOf(
  html: string,
  options: SwapstreamOptions = {},
  htmx: 2 | 4 = 4,
): Promise<string[]> {
  const app = new Hono()
  app.use(swapstream({ templates: { 'a.html': html }, ...options }))
  app.get('/feed', () => new EventStream(['a']))
  const { notes, faults } = await check({ app, htmx })
  expect(faults).toEqual([])
  return notes.map(({ column, message, hint }) => `${column}: ${message} ${hint}`)
}

describe('an attribute whose text htmx runs as a script', () => {
  test.each([
    ['hx-on::before:request', '<form hx-on::before:request="this.reset()"></form>'],
    ['hx-on:click', '<a hx-on:click="x()"></a>'],
    ['data-hx-on:click', '<a data-hx-on:click="x()"></a>'],
    ['hx-trigger', '<a hx-trigger="click[ctrlKey]"></a>'],
    ['hx-vals', '<a hx-vals="js:{a: 1}"></a>'],
    ['hx-headers', '<a hx-headers="javascript:{a: 1}"></a>'],
    ['hx-live', '<a hx-live="x"></a>'],
  ])('%s is noted under the default policy', async (name, html) => {
    const [note, ...more] = await notesOf(html)
    expect(note).toContain(`htmx runs the text of ${name} as a script`)
    expect(note).toContain("'unsafe-eval'")
    expect(more).toEqual([])
  })

  test('is right under a policy that allows it, and without any', async () => {
    const html = '<a hx-on:click="x()"></a>'
    expect(await notesOf(html, { csp: false })).toEqual([])
    expect(await notesOf(html, { csp: "script-src 'self' 'unsafe-eval'" })).toEqual([])
    expect(await notesOf(html, { csp: "script-src 'self'" })).toHaveLength(1)
  })

  test('is none where the text is data', async () => {
    const html = `<a hx-vals='{"a": 1}' hx-trigger="click, every 2s" hx-target="this"></a>`
    expect(await notesOf(html)).toEqual([])
    expect(await notesOf(`<a hx-trigger="load from:'[name=x]'"></a>`)).toEqual([])
  })
})

describe('an element that connects to a stream', () => {
  test.each<[string, string, 2 | 4, string]>([
    ['htmx 4', '<div hx-sse:connect="/feed"></div>', 4, 'hx-sse:close="done"'],
    [
      'htmx 2',
      '<div hx-ext="sse" sse-connect="/feed" sse-swap="message" hx-swap="none"></div>',
      2,
      'sse-close="done"',
    ],
    ['another prefix', '<div data-hx-sse:connect="/feed"></div>', 4, 'hx-sse:close="done"'],
  ])('without an event that closes it is noted: %s', async (_, html, htmx, cure) => {
    const notes = await notesOf(html, {}, htmx)
    expect(notes).toEqual([expect.stringContaining(`again and again`)])
    expect(notes[0]).toContain(`Add ${cure}.`)
  })

  test('of htmx 2 is noted when its frames empty it', async () => {
    const element = (swap: string): string =>
      `<div hx-ext="sse" sse-connect="/feed" sse-swap="message" sse-close="done"${swap}></div>`
    for (const swap of ['', ' hx-swap="innerHTML"', ' data-hx-swap="innerHTML settle:0s"'])
      expect(await notesOf(element(swap), {}, 2)).toEqual([expect.stringContaining('beforeend')])
    for (const swap of [' hx-swap="beforeend"', ' hx-swap="none"', ' hx-swap="{{ swap }}"'])
      expect(await notesOf(element(swap), {}, 2)).toEqual([])
    const named = element('').replace('message', 'count')
    expect(await notesOf(named, {}, 2)).toEqual([])
  })

  test.each([
    [
      'outerHTML',
      'removes an element with hx-swap="outerHTML" by the first frame, and has no place',
    ],
    ['outerHTML swap:1s', 'removes an element with hx-swap="outerHTML"'],
    ['delete', 'removes an element with hx-swap="delete"'],
    ['textContent', 'shows each frame as text, tags included'],
    // What htmx 2 does not know is innerHTML to it.
    ['innerMorph', 'empties an element with hx-swap="innerMorph"'],
    ['settle:0s', 'empties an element with hx-swap="innerHTML"'],
  ])('of htmx 2 is noted when its frames cannot stay: hx-swap="%s"', async (swap, message) => {
    const html = `<i hx-ext="sse" sse-connect="/feed" sse-swap="count,message" sse-close="done" hx-swap="${swap}"></i>`
    const [note, ...more] = await notesOf(html, {}, 2)
    expect(note).toContain(`htmx 2 ${message}`)
    expect(note).toContain('Write hx-swap="beforeend", or "none" for a feed.')
    expect(more).toEqual([])
  })

  test('is right with it', async () => {
    expect(await notesOf('<div hx-sse:connect="/feed" hx-sse:close="done"></div>')).toEqual([])
    expect(
      await notesOf('<div hx-ext="sse" sse-connect="/feed" sse-close="done"></div>', {}, 2),
    ).toEqual([])
    expect(
      await notesOf(
        '{% from "swapstream/stream.html" import follow %}<p>{{ follow("/feed") }}</p>',
      ),
    ).toEqual([])
  })
})
