import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  errorPages,
  EventStream,
  FormResult,
  Fragment,
  Page,
  readForm,
  streamBlocks,
  swapstream,
} from 'swapstream'
import { useBrowser } from '../support/browser.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>{% include "swapstream/head.html" %}</head>
<body>{% from "swapstream/stream.html" import follow %}{{ follow("/feed") }}<ol id="feed"></ol>{% block slow %}<em id="slow">{{ found or "searching" }}</em>{% endblock %}<div id="errors"></div>
{% block form %}<form id="note" action="/notes" method="post" hx-post="/notes" hx-target="#note" hx-swap="outerHTML">
<label>Note <input name="text" value="{{ values.text }}"></label><button>Add</button>{% if errors %}<i role="alert">{{ errors.text }}</i>{% endif %}</form>{% endblock %}
<ul id="list">{% block list %}{% for note in notes %}<li>{{ note }}</li>{% endfor %}{% endblock %}</ul>
{% block count %}<b id="count">{{ notes | length }}</b>{% endblock %}
<p hx-get="/seen" hx-trigger="notes:changed from:body" hx-target="#seen">Seen: <span id="seen">no</span></p>
<form hx-post="/done"><button>Finish</button></form><form hx-post="/broken"><button>Break</button></form>
<nav><button hx-get="/part" hx-target="#list">List again</button><button hx-get="/part" hx-target="#count" hx-swap="outerHTML">Count again</button></nav></body></html>`

const listen = useServer()
// After the server, so that its pages are closed before it: they would come back to their feed.
const browser = useBrowser()

function createApp(): Hono {
  const app = new Hono()
  app.use(swapstream({ templates: { 'page.html': page }, log: recordingLog() }))
  errorPages(app, { retarget: '#errors', reswap: 'innerHTML' })
  const notes = ['one']
  const schema = z.object({ text: z.string().min(2, 'Too short.') })
  app.get('/', () => new Page('page.html', { title: 'Notes', notes }))
  app.get('/next', () => new Page('page.html', { title: 'Next' }))
  app.post('/notes', async (c) => {
    const sent = await readForm(c, schema)
    if (!sent.ok) return new Page('page.html', { ...sent, notes }, { block: 'form', status: 422 })
    notes.push(sent.value.text)
    const fragments = ['form', 'list', 'count'].map(
      (block) => new Fragment('page.html', block, { notes }),
    )
    return new FormResult('/', { fragments, trigger: 'notes:changed' })
  })
  app.get('/seen', (c) => c.html('yes'))
  app.post('/done', () => new FormResult('/next'))
  app.post('/broken', () => {
    throw new HTTPException(409, { message: 'That <b>name</b> is taken.' })
  })
  app.get('/part', () => {
    const blocks = { list: 'list', count: 'count' }
    return new Page('page.html', { notes: ['again', 'and again'] }, { blocks })
  })
  const slow = (): Promise<object> =>
    new Promise((resolve) => setTimeout(resolve, 50, { found: 'later' }))
  app.get('/feed', () => {
    const fed = { notes: ['fed'] }
    const parts = async function* (): AsyncGenerator<Fragment> {
      yield new Fragment('page.html', 'list', fed, { target: '#feed' })
      yield* streamBlocks('page.html', { slow: slow() as Promise<Record<string, unknown>> })
    }
    return new EventStream(parts)
  })
  return app
}

test('a form that comes back, one that changes several places, one that leads on, and one that breaks', async () => {
  const tab = await browser.open(await listen(createApp()))
  const press = (name: string): Promise<void> => tab.getByRole('button', { name }).click()

  await tab.getByLabel('Note').fill('x')
  await press('Add')
  await tab.getByRole('alert').filter({ hasText: 'Too short.' }).waitFor()
  expect(await tab.getByLabel('Note').inputValue()).toBe('x')

  await tab.getByLabel('Note').fill('<two>')
  await press('Add')
  await tab.locator('#count').filter({ hasText: '2' }).waitFor()
  expect(await tab.locator('#list li').allTextContents()).toEqual(['one', '<two>'])
  expect(await tab.getByRole('alert').count()).toBe(0)
  expect(await tab.locator('#note').count()).toBe(1)
  await tab.locator('#seen').filter({ hasText: 'yes' }).waitFor()

  await press('List again')
  await tab.locator('#list li').filter({ hasText: 'and again' }).waitFor()
  await press('Count again')
  expect(await tab.locator('#count').count()).toBe(1)

  await press('Finish')
  await tab.waitForURL('**/next')
  expect(await tab.title()).toBe('Next')
})

test('an error goes where errors go; a stream is followed by one line of a template', async () => {
  const tab = await browser.open(await listen(createApp()))
  await tab.locator('#feed li').waitFor()
  await tab.locator('#slow').filter({ hasText: 'later' }).waitFor()
  expect(await tab.locator('em').count()).toBe(1)
  await tab.getByRole('button', { name: 'Break' }).click()
  const line = tab.locator('#errors [role="alert"]')
  await line.waitFor()
  expect(await line.textContent()).toBe('That <b>name</b> is taken.')
  expect(await tab.getByRole('button', { name: 'Break' }).count()).toBe(1)
})
