import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../examples/ask/app.ts'
import type { Answerer } from '../../examples/ask/model.ts'
import type { Retriever } from '../../examples/ask/retriever.ts'
import { timersRunning } from '../../src/base/clock.ts'
import { recordStates, useBrowser } from '../support/browser.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { sampleCorpus } from '../support/sample-corpus.ts'
import { useServer } from '../support/serve-app.ts'

const QUESTION = 'How do I clean a silver teapot?'

describe('the page that answers questions', () => {
  const browser = useBrowser()
  const listen = useServer()
  let retrieve: Retriever
  let answerer: Answerer

  beforeAll(async () => {
    ;({ retrieve, answerer } = await sampleCorpus(60))
  })

  const corpus = { name: 'kitchen', examples: ['What boils water?'] }
  const demo = (writes = answerer): Promise<string> =>
    listen(createApp({ retrieve, answerer: writes, corpus }))

  const ask = async (page: Page, question: string): Promise<void> => {
    await page.fill('#question', question)
    await page.click('#ask button')
  }
  const finished = (page: Page): Promise<unknown> =>
    page.waitForSelector('.answer[aria-busy="false"]')
  const html = (page: Page, selector: string): Promise<string> =>
    page.evaluate(
      (wanted) => document.querySelector(wanted)!.innerHTML.replaceAll(' class=""', '').trim(),
      selector,
    )

  test('shows the sources before the first word, then an answer that grows, then nothing more is asked for', async () => {
    const page = await browser.open(await demo())
    await page.evaluate(() => {
      const seen: string[] = []
      new MutationObserver(() => {
        const sources = document.querySelectorAll('#sources li').length
        const words = document.querySelector('.answer .text')?.textContent?.trim() ?? ''
        if (words !== '' && seen.length === 0) seen.push(`${sources} sources`)
      }).observe(document.body, { childList: true, subtree: true, characterData: true })
      Object.assign(window, { atFirstWord: seen })
    })
    const states = await recordStates(page, '.answer .text')
    await ask(page, QUESTION)
    await finished(page)

    const [atFirstWord] = await page.evaluate(
      () => (window as unknown as { atFirstWord: string[] }).atFirstWord,
    )
    expect(atFirstWord).toMatch(/^[1-6] sources$/)
    const texts = await states()
    expect(texts.length).toBeGreaterThan(5)
    for (const [n, text] of texts.entries())
      if (n > 0) expect(text.startsWith(texts[n - 1]!.trimEnd())).toBe(true)
    expect(await page.textContent('.answer .text')).toContain('baking soda')
    expect(await page.textContent('#sources')).toContain('teapots')
    expect(await page.textContent('#sources')).toContain('README.md')
    expect(await page.textContent('#sources')).toContain('Cleaning')

    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await page.waitForTimeout(10_000)
    expect(requests).toEqual([])
    await expectNothingLeft(timersRunning)
  }, 40_000)

  test('ends in the same answer and sources as the page without scripts', async () => {
    const url = await demo()
    const streamed = await browser.open(url)
    await ask(streamed, QUESTION)
    await finished(streamed)

    const plain = await browser.open(url, { javaScriptEnabled: false })
    await ask(plain, QUESTION)
    await finished(plain)
    const inner = async (page: Page, selector: string): Promise<string> =>
      (await page.locator(selector).innerHTML()).replaceAll(' class=""', '').trim()
    for (const part of ['#answer', '#sources'])
      expect(await html(streamed, part)).toBe(await inner(plain, part))
    expect(await plain.inputValue('#question')).toBe(QUESTION)
  })

  test('links each citation to its source', async () => {
    const page = await browser.open(await demo())
    await ask(page, QUESTION)
    await finished(page)
    const cite = page.locator('.answer .cite').first()
    const href = (await cite.getAttribute('href'))!
    await cite.click()
    expect(
      await page.evaluate((id) => document.querySelector(id)?.matches('.source:target'), href),
    ).toBe(true)
  })

  test('answers a second question in place of the first, also while the first is still written', async () => {
    const page = await browser.open(await demo())
    await ask(page, QUESTION)
    await page.waitForSelector('.answer[aria-busy="true"]')
    await ask(page, 'How do I descale a kettle?')
    await page.waitForSelector('.answer[aria-busy="false"]:has(h2:text("kettle"))')
    expect(await page.locator('.answer').count()).toBe(1)
    expect(await page.textContent('.answer .text')).toContain('vinegar')
    expect(await page.textContent('.answer .text')).not.toContain('baking soda')

    await ask(page, QUESTION)
    await page.waitForSelector('.answer[aria-busy="false"]:has(h2:text("silver"))')
    expect(await page.locator('.answer').count()).toBe(1)
    await expectNothingLeft(timersRunning)
  })

  test('refuses honestly what no document covers, with no sources', async () => {
    const page = await browser.open(await demo())
    await ask(page, 'Which chromodynamic symmetry breaks in quark confinement?')
    await finished(page)
    expect(await page.textContent('.answer .text')).toMatch(
      /^Nothing in the \d+ indexed passages covers/,
    )
    expect(await page.locator('#sources li').count()).toBe(0)
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
      expect(await page.locator('.answer h2').textContent()).toBe(hostile)
      expect(await page.locator('#answer script, #answer img, #answer [hx-get]').count()).toBe(0)
      if (javaScriptEnabled) expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
    }
  })

  test('keeps a hostile answer as text, and cites only sources that exist', async () => {
    const text = '<script>window.hacked=1</script> <b>[1]</b> [99] <img src=x onerror=1>'
    const hostile: Answerer = {
      name: 'hostile',
      model: true,
      async *answer() {
        for (const character of text) yield character
      },
    }
    const page = await browser.open(await demo(hostile))
    await ask(page, QUESTION)
    await finished(page)
    expect((await page.textContent('.answer .text'))!.replace(/\s+/g, ' ')).toBe(
      text.replace('[1]', '1').replace(/\s+/g, ' '),
    )
    expect(await page.locator('#answer script, #answer img, #answer b').count()).toBe(0)
    expect(await page.locator('.answer .cite').count()).toBe(1)
  })

  test('tells the source within 100 ms that the reader left', async () => {
    let abortedAt = 0
    const endless: Answerer = {
      name: 'endless',
      model: true,
      async *answer(_question, _sources, signal) {
        signal.addEventListener('abort', () => (abortedAt = performance.now()))
        for (;;) {
          yield 'on and on '
          await new Promise((resolve) => setTimeout(resolve, 5))
          if (signal.aborted) return
        }
      },
    }
    const url = await demo(endless)
    const tookMs: number[] = []
    // The navigation itself is in these milliseconds too, so a busy machine gets three tries.
    while (tookMs.length < 3 && !tookMs.some((ms) => ms < 100)) {
      const page = await browser.open(url)
      await ask(page, QUESTION)
      await page.waitForSelector('.answer[aria-busy="true"]')
      abortedAt = 0
      const leftAt = performance.now()
      await page.goto('about:blank')
      await eventually(() => expect(abortedAt).toBeGreaterThan(0))
      tookMs.push(abortedAt - leftAt)
    }
    expect(Math.min(...tookMs)).toBeLessThan(100)
    await expectNothingLeft(timersRunning)
  })

  test('brings the form back with a message for an empty question, with scripts and without', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await browser.open(await demo(), { javaScriptEnabled })
      await page.fill('#question', '   ')
      await page.click('#ask button')
      await page.waitForSelector('#problem')
      expect(await page.textContent('#problem')).toBe(
        'Type a question first: a few words are enough.',
      )
      expect(await page.getAttribute('#question', 'aria-invalid')).toBe('true')
      expect(await page.locator('form#ask').count()).toBe(1)
      expect(await page.locator('.answer').count()).toBe(0)
      await ask(page, QUESTION)
      await finished(page)
    }
  })

  test('shows below the partial answer that something failed, and can be asked again', async () => {
    let asked = 0
    const failing: Answerer = {
      name: 'failing',
      model: true,
      async *answer() {
        asked += 1
        yield 'The first words. '
        await new Promise((resolve) => setTimeout(resolve, 300))
        if (asked === 1) throw new Error('SECRET')
      },
    }
    const page = await browser.open(await demo(failing))
    await ask(page, QUESTION)
    const notice = page.locator('#answer .swapstream-error[role="alert"]')
    await notice.waitFor()
    expect(await notice.textContent()).toMatch(
      /^Something went wrong\. \(source\/failed [0-9a-f]{8}\)$/,
    )
    expect(await page.textContent('.answer .text')).toContain('The first words.')
    expect(await page.getAttribute('.answer', 'aria-busy')).toBe('false')
    expect(await page.content()).not.toContain('SECRET')
    await ask(page, QUESTION)
    await page.waitForSelector('#answer:not(:has(.swapstream-error)) .answer[aria-busy="false"]')
  })

  test('fits a phone: nothing wider than the screen', async () => {
    const page = await browser.open(await demo(), { viewport: { width: 360, height: 740 } })
    await ask(page, QUESTION)
    await finished(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })
})
