import { Hono } from 'hono'
import type { Page as Tab } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { EventStream, streamToFragments, swapstream } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { useBrowser } from '../support/browser.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import {
  dialectOf,
  HTMX_VERSIONS,
  htmxPage,
  openStream,
  serveHtmx,
  type HtmxVersion,
} from '../support/htmx-versions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

/** A low tone of six seconds that every browser plays. */
function tone(): string {
  const rate = 4_000
  const samples = Array.from({ length: 6 * rate }, (_, n) => 128 + 20 * Math.sin(n / 10))
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length, 40)
  return `data:audio/wav;base64,${Buffer.from([...head, ...samples]).toString('base64')}`
}

/**
 * What a reader does in the parts of an answer that do not change stays done through every frame, the last one included.
 */
const blockFor = (version: HtmxVersion): string => `
<article class="answer">
  <h2>{{ "Writing" if streaming else "Ready" }}, {{ text.length }} characters</h2>
  <p class="finished">The first words stand here for good.</p>
  <details><summary>How</summary><p>Thought about it.</p></details>
  <label>Note <input name="note"></label>
  <img src="/dot.svg" alt="" width="10" height="10">
  <pre tabindex="0">${'long line '.repeat(200)}</pre>
  <ul class="list">${'<li>one of many</li>'.repeat(60)}</ul>
  <audio src="${tone()}" loop></audio>
  <div class="words"${
    // htmx 2 has no swap of attributes alone: an element whose tag changes is another element there.
    dialectOf(version) === 4 ? ' aria-busy="{{ streaming }}"' : ''
  }>
    {{ text | markdown }}
  </div>
  <ol>{% for w in text.split(" ") %}<li>{{ w }}</li>{% endfor %}</ol>
  {% if not streaming %}<footer><button>Copy</button></footer>{% endif %}
</article>
`
const STYLE =
  '<style>pre { overflow: auto; width: 10em } .list { overflow: auto; height: 4em }</style>'

describe.each(HTMX_VERSIONS)('in an answer that is being written, with htmx %s', (version) => {
  const listen = useServer()
  const browser = useBrowser()

  /** An app whose answer goes on when the test says so. */
  function setUp() {
    let more = (): void => {}
    const wanted = new Promise<void>((resolve) => (more = resolve))
    let loads = 0
    async function* tokens(): AsyncGenerator<string> {
      yield 'First words. '
      await wanted
      for (let n = 0; n < 20; n++) {
        yield n % 5 === 4 ? `and ${n} more.\n\n` : `and **${n}** more, `
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      yield '\n\nThe end.'
    }
    const app = new Hono()
    serveHtmx(app)
    app.use(
      swapstream({
        templates: { 'x.html': `{% block b %}${blockFor(version)}{% endblock %}` },
        frameMs: 0,
        csp: false,
        log: recordingLog(),
      }),
    )
    app.get('/', (c) => c.html(htmxPage(version, '<main><div id="answer"></div></main>', STYLE)))
    app.get('/dot.svg', (c) => {
      loads += 1
      return c.body('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>', 200, {
        'content-type': 'image/svg+xml',
        'cache-control': 'no-store',
      })
    })
    app.all('/stream', () => new EventStream(() => streamToFragments(tokens(), 'x.html', 'b')))
    return { app, more: () => more(), loads: () => loads }
  }

  async function begun(): Promise<ReturnType<typeof setUp> & { tab: Tab }> {
    const made = setUp()
    const tab = await browser.open(await listen(made.app))
    await openStream(tab, version, '/stream')
    await tab.locator('.words p').waitFor()
    return { ...made, tab }
  }

  const ended = async (tab: Tab): Promise<void> => {
    await tab.locator('article footer').waitFor()
    await eventually(async () =>
      expect(await tab.locator('main').innerHTML()).not.toMatch(/\bs\d\w{3}\b|swap-|morph/),
    )
    await expectNothingLeft(timersRunning)
  }

  test('what is typed, opened, scrolled and loaded stays, through the last frame', async () => {
    const { tab, more, loads } = await begun()
    await tab.locator('summary').click()
    await tab.locator('input').fill('my own note')
    await tab.evaluate(() => {
      const input = document.querySelector('input')!
      input.setSelectionRange(3, 6)
      const pre = document.querySelector('pre')!
      pre.scrollLeft = 120
      const list = document.querySelector('.list')!
      list.scrollTop = 200
      const watched = [
        input,
        pre,
        list,
        document.querySelector('img'),
        document.querySelector('audio'),
      ]
      Object.assign(window, { watched, lost: 0 })
      input.addEventListener('blur', () => {
        ;(window as unknown as { lost: number }).lost += 1
      })
    })
    more()
    await ended(tab)
    const after = await tab.evaluate(() => {
      const { watched, lost } = window as unknown as { watched: Element[]; lost: number }
      const input = document.querySelector('input')!
      return {
        open: document.querySelector('details')!.open,
        note: input.value,
        caret: [input.selectionStart, input.selectionEnd],
        focused: document.activeElement === input,
        lost,
        scrolled: [
          document.querySelector('pre')!.scrollLeft,
          document.querySelector('.list')!.scrollTop,
        ],
        same: watched.map((each) => each.isConnected),
      }
    })
    expect(after).toEqual({
      open: true,
      note: 'my own note',
      caret: [3, 6],
      focused: true,
      lost: 0,
      scrolled: [120, 200],
      same: [true, true, true, true, true],
    })
    expect(loads()).toBe(1)
  })

  test('what is selected in a finished paragraph stays selected', async () => {
    const { tab, more } = await begun()
    await tab.evaluate(() => {
      const text = document.querySelector('.finished')!.firstChild!
      getSelection()!.setBaseAndExtent(text, 4, text, 15)
    })
    more()
    await ended(tab)
    expect(await tab.evaluate(() => String(getSelection()))).toBe('first words')
  })

  test('a sound that plays goes on', async () => {
    const { tab, more } = await begun()
    await tab.locator('summary').click()
    await tab.evaluate(async () => {
      const audio = document.querySelector('audio')!
      const heard: string[] = []
      for (const name of ['pause', 'emptied', 'seeking', 'ended'])
        audio.addEventListener(name, () => heard.push(name))
      audio.currentTime = 2
      await new Promise((resolve) => audio.addEventListener('seeked', resolve, { once: true }))
      heard.length = 0
      await audio.play()
      Object.assign(window, { heard, audio })
    })
    more()
    await ended(tab)
    const state = await tab.evaluate(() => {
      const { heard, audio } = window as unknown as { heard: string[]; audio: HTMLAudioElement }
      return { heard, paused: audio.paused, same: document.querySelector('audio') === audio }
    })
    expect(state).toEqual({ heard: [], paused: false, same: true })
    await eventually(async () =>
      expect(
        await tab.evaluate(() => document.querySelector('audio')!.currentTime),
      ).toBeGreaterThan(2),
    )
  })
})
