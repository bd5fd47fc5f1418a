import { expect, test } from 'vitest'
import { useBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis } from '../support/redis.ts'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms()
const browser = useBrowser()

test('a page goes on at the other node when its own dies, and shows when the writing node dies', async () => {
  const redis = await startRedis()
  const cluster = run('examples/runs/cluster.ts', [], { PORT: '0', REDIS_URL: redis.url })
  try {
    const url = await cluster.url
    const state = async (): Promise<{ nodes: number }> =>
      (await (await fetch(`${url}/nodes`)).json()) as { nodes: number }
    const bothLive = (): Promise<void> =>
      eventually(async () => expect(await state()).toEqual({ nodes: 2 }))
    await bothLive()

    const page = await browser.open(url, {}, /network error|ERR_INCOMPLETE_CHUNKED_ENCODING/)
    await page.click('text=Write')
    const answer = page.locator('#answer article')
    const made = async (): Promise<string[]> =>
      /Made by (\w), drawn by (\w)/.exec(await answer.innerText())!.slice(1)
    // Whoever draws it: a reader who comes again gets to the other node, sooner or later.
    let [maker, drawer] = await made()
    for (let tries = 0; drawer === maker && tries < 50; tries++) {
      await page.reload()
      ;[maker, drawer] = await made()
    }
    expect([maker, drawer].toSorted()).toEqual(['A', 'B'])

    const chars = (await answer.innerText()).length
    await page.click(`text=Kill ${drawer}`)
    await eventually(async () => expect(await made()).toEqual([maker, maker]))
    await eventually(async () => {
      expect((await answer.innerText()).length).toBeGreaterThan(chars + 20)
    })

    await bothLive()
    await page.click(`text=Kill ${maker}`)
    await page.waitForSelector('text=Please try again')
    expect(await answer.innerText()).toMatch(/^A run keeps an answer[^]*, cut\.$/)
  } finally {
    // It ends its nodes itself, when it is asked to.
    cluster.kill('SIGTERM')
    await cluster.ended
    await redis.stop()
  }
})
