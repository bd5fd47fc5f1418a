import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { EventStream, nunjucksEngine, streamToFragments, swapstream } from 'swapstream'
import { changesOf } from '../../src/html/diff.ts'
import { pageHtml } from '../../src/html/page-html.ts'
import { blockTree } from '../../src/htmx/block-tree.ts'
import { StreamPage } from '../../src/htmx/stream-page.ts'
import { tokens } from '../../src/models/tokens.ts'
import { encodeEvent } from '../../src/sse/sse.ts'

const MODEL = ['Hel', 'lo']
const TEMPLATES = { 'chat.html': '{% block response %}<p>{{ text }}</p>{% endblock %}' }

interface Station {
  readonly file: string
  readonly calls: readonly string[]
  readonly quoted: readonly string[]
}

/** The stations of the tour, by their number. */
const tour = new Map(
  [
    ...readFileSync('src/README.md', 'utf8').matchAll(
      /^\| (\d+) \| `([^`]+)` \| ([^|]+) \| (.+) \|$/gm,
    ),
  ].map(([, number, file, calls, value]): [number, Station] => [
    Number(number),
    { file: file!, calls: inBackticks(calls!), quoted: inBackticks(value!) },
  ]),
)
const quoted = (station: number): readonly string[] => tour.get(station)!.quoted

function inBackticks(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
}

async function second<T>(values: AsyncIterable<T>): Promise<T> {
  let count = 0
  for await (const value of values) if (++count === 2) return value
  throw new Error('There was no second value.')
}

/** The tour writes the temporary id as s1. */
const masked = (text: string): string => text.replace(/#s\d\w{3}/g, '#s1')

test('the tour in src/README.md shows what the token really is at each station', async () => {
  expect([...tour.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])

  const token = await second(tokens(MODEL))
  expect(JSON.stringify(token)).toBe(quoted(1)[0])

  const fragment = await second(streamToFragments(MODEL, 'chat.html', 'response'))
  expect([fragment.constructor.name, fragment.block, JSON.stringify(fragment.context)]).toEqual(
    quoted(2),
  )

  const engine = nunjucksEngine({ templates: TEMPLATES })
  const renderer = await engine.open('chat.html', 'response', {
    text: 'Hel',
    streaming: true,
    failed: false,
  })
  const html = renderer.render(fragment.context)
  expect(html).toBe(quoted(5)[0])

  const before = blockTree('<p>Hel</p>')
  const after = blockTree(html as string)
  const anywhere = { attributes: true, container: false, start: true, end: false }
  const [change] = changesOf(pageHtml(before), after, anywhere).changes!
  expect([change!.how, change!.path[0]!.tag, change!.html]).toEqual(quoted(6))

  const page = new StreamPage({ morphs: true })
  page.show(fragment, before)
  const [message] = page.show(fragment, after)
  expect(masked(message!)).toBe(quoted(7)[0])

  const event = encodeEvent({ data: message! })
  expect(masked(event)).toBe(`${quoted(8)[0]}\n\n`)

  const app = new Hono()
  app.use(swapstream({ templates: TEMPLATES, frameMs: 0 }))
  app.post('/chat', () => new EventStream(() => streamToFragments(MODEL, 'chat.html', 'response')))
  const response = await app.request('/chat', {
    method: 'POST',
    headers: { accept: 'text/event-stream', 'hx-request-type': 'partial' },
  })
  expect(masked(await response.text())).toContain(`${quoted(8)[0]}\n\n`)
})

test('the tour has at most 9 stations and 12 calls, and each call happens for each token', async () => {
  const stations = [...tour.values()]
  const calls = stations.flatMap((station) =>
    station.calls.map((name) => `${station.file} ${name}`),
  )
  expect(stations.length).toBeLessThanOrEqual(9)
  expect(calls.length).toBeLessThanOrEqual(12)

  const program = join(import.meta.dirname, 'support/count-calls.ts')
  const node = ['--conditions=source', '--import', 'tsx', program]
  const { stdout } = await promisify(execFile)(process.execPath, node)
  const perToken = JSON.parse(stdout) as Record<string, number>
  expect(calls.filter((call) => !(perToken[call]! >= 0.9))).toEqual([])

  // What a token touches beside the stations is a part of their folders, or of the ground that all stand on.
  const folder = (file: string): string => file.slice(0, file.indexOf('/'))
  const onTheWay = new Set(['shared', ...stations.map(({ file }) => folder(file))])
  expect(Object.keys(perToken).filter((call) => !onTheWay.has(folder(call)))).toEqual([])
})
