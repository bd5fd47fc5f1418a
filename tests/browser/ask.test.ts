import type { Page } from 'playwright-core'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createRuns, type Runs } from 'swapstream'
import { createApp } from '../../examples/ask/app.ts'
import type { Answerer } from '../../examples/ask/model.ts'
import type { SearchIndex } from '../../examples/ask/search-index.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import { recordStates, useBrowser } from '../support/browser.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { sampleCorpus } from '../support/sample-corpus.ts'
import { useServer } from '../support/serve-app.ts'

const QUESTION = 'How do I clean a silver teapot?'
const COVERED = 'How does the whistle of a kettle sound?'

/** An answerer that says a word when the test allows one, and counts what it was asked. */
function controlled() {
  const state = { asked: 0, aborted: 0, allowed: 0, fails: false }
  const questions: string[] = []
  const before: (string | undefined)[] = []
  let wake = (): void => {}
  const answerer: Answerer = {
    name: 'test:words',
    model: true,
    async *answer(question, _sources, signal, previous) {
      state.asked += 1
      questions.push(question)
      before.push(previous && `${previous.question} → ${previous.answer}`)
      signal.addEventListener('abort', () => {
        state.aborted += 1
        wake()
      })
      for (let n = 0; n < 40; n++) {
        while (n >= state.allowed && !signal.aborted && !state.fails)
          await new Promise<void>((done) => (wake = done))
        if (signal.aborted) return
        if (state.fails) throw new Error('SECRET')
        yield `w${n} `
      }
    },
  }
  return {
    state,
    questions,
    before,
    answerer,
    allow: (words: number) => {
      state.allowed = words
      wake()
    },
    fail: () => {
      state.fails = true
      wake()
    },
  }
}

describe('the page that answers questions', () => {
  const listen = useServer()
  const opened: Runs[] = []
  let index: SearchIndex
  let answerer: Answerer

  beforeAll(() => {
    ;({ index, answerer } = sampleCorpus(200))
  })
  afterEach(async () => {
    for (const runs of opened.splice(0)) await runs.close()
    await expectNothingLeft(timersRunning)
  })
  const browser = useBrowser()

  const corpus = { name: 'kitchen', examples: ['What boils water?'] }
  const demo = (writes = answerer): Promise<string> => {
    const runs = createRuns()
    opened.push(runs)
    return listen(createApp({ index, answerer: writes, corpus, runs }))
  }

  const ask = async (page: Page, question: string): Promise<void> => {
    await page.fill('#composer textarea', question)
    await page.click('#composer button')
  }
  const finished = (page: Page, turns = 1): Promise<unknown> =>
    page
      .locator('.answer[aria-busy="false"]')
      .nth(turns - 1)
      .waitFor()
  const text = (page: Page): Promise<string | null> =>
    page.locator('.turn').last().locator('.prose').textContent()
  const shows = (page: Page, word: string): Promise<unknown> =>
    eventually(async () => expect(await text(page)).toContain(word))
  const turns = (page: Page): Promise<number> => page.locator('.turn').count()
  /** Without what differs from run to run, and what htmx leaves behind. */
  const turnHtml = (html: string): string =>
    html
      .replaceAll(' class=""', '')
      .replace(/(turn-|src-|value=")[\w-]{22}(?![\w])/g, '$1RUN')
      .replace(/c=\w{8}/g, 'c=C')
      .replace(/value="\w{8}"/g, 'value="C"')
      .replace(/\s+/g, ' ')
      .trim()

  test('shows the sources before the first word, then an answer that grows, then asks for nothing more', async () => {
    const page = await browser.open(await demo())
    await page.evaluate(() => {
      const seen: string[] = []
      new MutationObserver(() => {
        const sources = document.querySelectorAll('.source').length
        const words = document.querySelector('.prose')?.textContent?.trim() ?? ''
        if (words !== '' && seen.length === 0) seen.push(`${sources} sources`)
      }).observe(document.body, { childList: true, subtree: true, characterData: true })
      Object.assign(window, { atFirstWord: seen })
    })
    const states = await recordStates(page, '.prose')
    await ask(page, QUESTION)
    await finished(page)

    const [atFirstWord] = await page.evaluate(
      () => (window as unknown as { atFirstWord: string[] }).atFirstWord,
    )
    expect(atFirstWord).toMatch(/^[1-6] sources$/)
    const texts = await states()
    expect(texts.length).toBeGreaterThan(2)
    for (const [n, each] of texts.entries())
      if (n > 0) expect(each.startsWith(texts[n - 1]!.trimEnd())).toBe(true)
    expect(await text(page)).toContain('baking soda')
    const sources = await page.textContent('.sources')
    for (const part of ['teapots', 'README.md', 'Cleaning']) expect(sources).toContain(part)

    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await page.waitForTimeout(2_000)
    expect(requests).toEqual([])
    await expectNothingLeft(timersRunning)
  })

  test('ends in the same turn as the page without scripts, and as the page that is loaded again', async () => {
    const url = await demo()
    const streamed = await browser.open(url)
    await ask(streamed, QUESTION)
    await finished(streamed)
    const html = async (page: Page): Promise<string> =>
      turnHtml(
        await page
          .locator('.turn')
          .evaluate((turn) => turn.outerHTML)
          .catch(() => ''),
      )
    const end = await html(streamed)
    expect(end).toContain('baking soda')

    await streamed.reload()
    expect(await html(streamed)).toBe(end)

    const plain = await browser.open(url, { javaScriptEnabled: false })
    await ask(plain, QUESTION)
    await finished(plain)
    expect(
      turnHtml(
        `<article${(await plain.content()).split('<article')[1]!.split('</article>')[0]}</article>`,
      ),
    ).toBe(end)
  })

  test('links each citation to its source, which says what it is', async () => {
    const page = await browser.open(await demo())
    await ask(page, QUESTION)
    await finished(page)
    const cite = page.locator('.prose a[href^="#src-"]').first()
    expect(await cite.getAttribute('title')).toBe('teapots, Teapots, Cleaning')
    const href = (await cite.getAttribute('href'))!
    await cite.click()
    expect(
      await page.evaluate(
        (id) => document.getElementById(id.slice(1))?.matches('.source:target'),
        href,
      ),
    ).toBe(true)
  })

  test('answers a second question below the first, which leads it', async () => {
    const page = await browser.open(await demo())
    await ask(page, QUESTION)
    await finished(page)
    expect(await page.inputValue('#composer textarea')).toBe('')
    await ask(page, 'And with what do I clean it?')
    await finished(page, 2)
    expect(await turns(page)).toBe(2)
    expect(await text(page)).toContain('baking soda')
    await expectNothingLeft(timersRunning)
  })

  test('suggests questions from beside the sources, and answers one that is pressed', async () => {
    const page = await browser.open(await demo())
    await ask(page, 'Which salt turns silver dull?')
    await finished(page)
    const suggested = page.locator('.turn .chips button')
    expect(await suggested.allTextContents()).toContain('Pouring in teapots')
    await page.getByRole('button', { name: 'Pouring in teapots' }).click()
    await finished(page, 2)
    expect(await text(page)).toContain('Pour slowly')
    // Of the last turn only.
    expect(await page.locator('.turn').first().locator('.chips').isVisible()).toBe(false)
  })

  test('tells a model what was asked and answered before, and nothing of another conversation', async () => {
    const { answerer: model, allow, before } = controlled()
    allow(2)
    const url = await demo(model)
    const page = await browser.open(url)
    await ask(page, QUESTION)
    await shows(page, 'w1')
    allow(40)
    await finished(page)
    await ask(page, COVERED)
    await finished(page, 2)
    expect(before[0]).toBeUndefined()
    expect(before[1]).toMatch(/^How do I clean a silver teapot\? → w0 w1 .*w39 $/)
    await page.goto(url)
    await ask(page, COVERED)
    await finished(page)
    expect(before[2]).toBeUndefined()
  })

  test('is where it was when the page is loaded again, in the middle and after the end: one answer is written', async () => {
    const { answerer: model, allow, state } = controlled()
    const page = await browser.open(await demo(model))
    allow(3)
    await ask(page, QUESTION)
    await shows(page, 'w2')
    await eventually(() => expect(page.url()).toMatch(/\/\?q=How\+do\+I\+clean.*&c=\w+$/))
    expect(await page.title()).toBe(`${QUESTION} · Ask your kitchen`)
    await page.reload()
    await shows(page, 'w2')
    allow(10)
    await shows(page, 'w9')
    await page.reload()
    allow(40)
    await shows(page, 'w39')
    await finished(page)
    await page.reload()
    expect(await text(page)).toContain('w39')
    expect([await turns(page), state.asked]).toEqual([1, 1])

    // What is asked now comes after it, and both are there again.
    await ask(page, COVERED)
    await finished(page, 2)
    await page.reload()
    expect([await turns(page), state.asked]).toEqual([2, 2])
  })

  test('is paid for once when a form is sent twice', async () => {
    const { answerer: model, allow, state } = controlled()
    allow(2)
    const page = await browser.open(await demo(model))
    await page.fill('#composer textarea', QUESTION)
    await page.evaluate(() => {
      const form = document.querySelector<HTMLFormElement>('#composer')!
      form.requestSubmit()
      form.requestSubmit()
    })
    await shows(page, 'w1')
    // The same once more, by whatever way.
    const body = await page.evaluate(() => {
      const form = new FormData(document.querySelector<HTMLFormElement>('#composer')!)
      return new URLSearchParams([...form] as [string, string][]).toString()
    })
    const begun = new URLSearchParams(body)
    const twice = page.evaluate(
      async ([question, place]) => {
        const sent = new URLSearchParams({
          question: question!,
          conversation: place!,
          after: place!,
        })
        return (await fetch('/ask', { method: 'POST', body: sent })).text()
      },
      [QUESTION, begun.get('conversation')],
    )
    await page.waitForTimeout(200)
    allow(40)
    expect(await twice).toContain('w39')
    await finished(page)
    expect([await turns(page), state.asked]).toEqual([1, 1])
  })

  test('goes on when its reader leaves, and stops when its reader says so: the text stays', async () => {
    const { answerer: model, allow, state } = controlled()
    const page = await browser.open(await demo(model))
    allow(3)
    await ask(page, QUESTION)
    await shows(page, 'w2')
    await eventually(() => expect(page.url()).toContain('c='))
    const link = page.url()
    await page.goto('about:blank')
    await page.goto(link)
    await shows(page, 'w2')
    expect(state.aborted).toBe(0)

    const stop = page.getByRole('button', { name: 'Stop' })
    await stop.waitFor()
    await stop.click()
    await eventually(() => expect(state.aborted).toBe(1))
    await finished(page)
    expect(await text(page)).toContain('w2')
    expect(await page.textContent('.swapstream-notice')).toBe('Stopped.')
    await page.reload()
    expect(await text(page)).toContain('w2')
    expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(1)
    expect(state.asked).toBe(1)
  })

  test('says below the partial answer that something failed; Retry keeps it until there is a new one', async () => {
    const { answerer: model, allow, fail, state } = controlled()
    const page = await browser.open(await demo(model))
    allow(3)
    await ask(page, QUESTION)
    await shows(page, 'w2')
    fail()
    const notice = page.locator('.swapstream-error[role="alert"]')
    await notice.waitFor()
    expect(await notice.textContent()).toMatch(
      /^Something went wrong\. \(source\/failed [0-9a-f]{8}\)$/,
    )
    await finished(page)
    expect(await text(page)).toContain('w2')
    expect(await page.content()).not.toContain('SECRET')

    state.fails = false
    allow(0)
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.locator('.answer[aria-busy="true"]').waitFor()
    expect(await page.locator('.prose').first().textContent()).toContain('w2')
    allow(1)
    await eventually(async () => expect(await turns(page)).toBe(1))
    expect(await text(page)).toContain('w0')
    allow(40)
    await finished(page)
    expect(await notice.isVisible()).toBe(false)
    expect([await turns(page), state.asked]).toEqual([1, 2])

    // The new one has its place, also after the page is loaded again.
    await page.reload()
    expect([await turns(page), await text(page)]).toEqual([1, expect.stringContaining('w39')])
  })

  test('answers a shared link: by itself when it was typed, with one press when another site led there', async () => {
    const { answerer: model, allow, questions } = controlled()
    allow(40)
    const url = await demo(model)
    const link = `${url}/?q=${encodeURIComponent(QUESTION)}`
    const page = await browser.open(link)
    await finished(page)
    expect([await turns(page), questions]).toEqual([1, [QUESTION]])

    for (const javaScriptEnabled of [true, false]) {
      const other = await browser.open('about:blank', { javaScriptEnabled })
      await other.route('http://elsewhere.example/**', (route) =>
        route.fulfill({ contentType: 'text/html', body: `<a href="${link}">there</a>` }),
      )
      await other.goto('http://elsewhere.example/')
      questions.length = 0
      await other.click('a')
      const press = other.getByRole('button', { name: `Ask “${QUESTION}”` })
      await press.waitFor()
      await other.waitForTimeout(300)
      expect(questions).toEqual([])
      await press.click()
      await finished(other)
      expect([await turns(other), questions]).toEqual([1, [QUESTION]])
    }
  })

  test('has a link beside each answer, which is a new conversation for everybody else', async () => {
    const url = await demo()
    const page = await browser.open(url)
    await ask(page, QUESTION)
    await finished(page)
    const href = (await page.getByRole('link', { name: 'Link' }).getAttribute('href'))!
    expect(page.url()).toBe(url.replace(/\/$/, '') + href)
    const friend = await browser.open(new URL(href, url).href)
    await finished(friend)
    expect(await turns(friend)).toBe(1)
    expect(await friend.locator('.turn').getAttribute('id')).not.toBe(
      await page.locator('.turn').getAttribute('id'),
    )
  })

  test('works without scripts: asks, goes on, comes back', async () => {
    const page = await browser.open(await demo(), { javaScriptEnabled: false })
    await ask(page, 'Which salt turns silver dull?')
    await finished(page)
    await page.getByRole('button', { name: 'Pouring in teapots' }).click()
    await page.getByText('Pour slowly').first().waitFor()
    await finished(page)
    expect(await text(page)).toContain('Pour slowly')
    await page.getByRole('link', { name: 'Link' }).click()
    expect(await turns(page)).toBe(2)
    expect(await page.locator('.prose').first().textContent()).toContain('salt')
  })

  test('refuses honestly what no document covers, with no sources', async () => {
    const page = await browser.open(await demo())
    await ask(page, 'Which chromodynamic symmetry breaks in quark confinement?')
    await finished(page)
    expect(await text(page)).toMatch(/^Nothing in the \d+ indexed passages covers/)
    expect(await page.locator('.source').count()).toBe(0)
  })

  test.each([
    '<script>window.hacked = 1</script> teapot',
    '<img src=x onerror="window.hacked = 1"> teapot',
    '<div hx-get="/" hx-trigger="load"></div> teapot',
  ])('keeps %s as text', async (hostile) => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await browser.open(await demo(), { javaScriptEnabled })
      await ask(page, hostile)
      await finished(page)
      expect(await page.locator('.turn .message').textContent()).toContain(hostile)
      expect(await page.locator('.turn :is(script, img, [hx-get="/"])').count()).toBe(0)
      if (javaScriptEnabled) expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
    }
  })

  test('keeps a hostile answer as text, and cites only sources that exist', async () => {
    const hostile: Answerer = {
      name: 'hostile',
      model: true,
      async *answer() {
        const said =
          '<script>window.hacked=1</script> <b>[1]</b> [99] <img src=x onerror=1>\n\n[1]: http://evil.example\n\n[1]'
        for (const character of said) yield character
      },
    }
    const page = await browser.open(await demo(hostile))
    await ask(page, QUESTION)
    await finished(page)
    expect((await text(page))!.replace(/\s+/g, ' ').trim()).toBe(
      '<script>window.hacked=1</script> <b>1</b> [99] <img src=x onerror=1> 1',
    )
    expect(await page.locator('.prose :is(script, img, b)').count()).toBe(0)
    const links = page.locator('.prose a')
    expect(
      await links.evaluateAll((all) => all.map((a) => a.getAttribute('href')?.slice(0, 5))),
    ).toEqual(['#src-', '#src-'])
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  })

  test('brings the form back with a message for an empty question, with scripts and without', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await browser.open(await demo(), { javaScriptEnabled })
      await page.fill('#composer textarea', '   ')
      await page.click('#composer button')
      await page.waitForSelector('#problem')
      expect(await page.textContent('#problem')).toBe(
        'Type a question first: a few words are enough.',
      )
      expect(await page.locator('form#composer').count()).toBe(1)
      expect(await turns(page)).toBe(0)
      await ask(page, QUESTION)
      await finished(page)
    }
  })

  test('is used with the keyboard alone: ask, go on, stop', async () => {
    const { answerer: model, allow, state } = controlled()
    allow(3)
    const page = await browser.open(await demo(model))
    await page.focus('#composer textarea')
    await page.keyboard.type(QUESTION)
    await page.keyboard.press('Enter')
    await shows(page, 'w2')
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA')
    const stop = page.getByRole('button', { name: 'Stop' })
    for (
      let n = 0;
      n < 12 && !(await stop.evaluate((button) => button === document.activeElement));
      n++
    )
      await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await eventually(() => expect(state.aborted).toBe(1))
    await finished(page)
  })

  test('stays where its reader has scrolled to, and offers a way back to the newest text', async () => {
    const { answerer: model, allow } = controlled()
    const page = await browser.open(await demo(model), { viewport: { width: 360, height: 420 } })
    allow(3)
    await ask(page, QUESTION)
    await shows(page, 'w2')
    const log = page.locator('.conversation')
    await log.evaluate((each) => each.scrollTo(0, 0))
    allow(40)
    await finished(page)
    expect(await log.evaluate((each) => each.scrollTop)).toBeLessThan(5)
    await page.getByRole('link', { name: 'Latest' }).click()
    await eventually(async () =>
      expect(
        await log.evaluate((each) => each.scrollHeight - each.scrollTop - each.clientHeight),
      ).toBeLessThan(5),
    )
  })

  test('copies the words of an answer', async () => {
    const page = await browser.open(await demo(), {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await ask(page, QUESTION)
    await finished(page)
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toContain('baking soda')
    expect(copied).not.toContain('#src-')
  })

  test('fits a phone: nothing wider than the screen', async () => {
    const page = await browser.open(await demo(), { viewport: { width: 360, height: 740 } })
    await ask(page, QUESTION)
    await finished(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })
})
