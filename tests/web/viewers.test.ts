import { describe, expect, test } from 'vitest'
import { Fragment, nunjucksEngine } from 'swapstream'
import type { TemplateEngine } from '../../src/templates/engine.ts'
import { now } from '../../src/shared/clock.ts'
import { Pace } from '../../src/streams/pace.ts'
import { BlockRenders } from '../../src/web/block-renders.ts'
import { FragmentBuffer } from '../../src/web/fragment-buffer.ts'
import { takeOver } from '../../src/web/newest-viewer.ts'

const templates = { 'chat.html': '{% block a %}<div>{{ text | shout }}</div>{% endblock %}' }

const fail = (error: unknown): never => {
  throw error
}

describe('many viewers of one run', () => {
  test('are drawn each state once, and each gets all of it', async () => {
    let drawn = 0
    const shout = (text: string): string => {
      drawn += 1
      return `${text}!`
    }
    const engine: TemplateEngine = nunjucksEngine({ templates, filters: { shout } })
    const crowd = { viewers: 20 }
    const outboxes = Array.from(
      { length: crowd.viewers },
      () =>
        new FragmentBuffer({
          renders: () => BlockRenders.of(crowd, engine),
          updates: 'diff',
          morphs: true,
        }),
    )
    for (const [n, text] of ['one', 'one two', 'one two three'].entries()) {
      const state = new Fragment('chat.html', 'a', { text })
      for (const outbox of outboxes) {
        outbox.take(state)
        expect(await outbox.next(fail)).toMatch(/one|two|three/)
      }
      expect(drawn).toBe(n + 1)
    }
  })

  test('get fewer frames the more they are, three a second at the least', () => {
    const waitOf = (viewers: number): number => {
      const pace = new Pace(undefined, () => viewers)
      const at = now()
      pace.sent(at, 1)
      return pace.latestAt - at
    }
    expect(waitOf(1_000)).toBeGreaterThanOrEqual(300)
    expect(waitOf(500)).toBeGreaterThanOrEqual(150)
    expect(waitOf(100_000)).toBeLessThan(350)
    expect(waitOf(1)).toBeLessThan(150)
  })

  test('who were lent the same by chance both stay; one who comes back takes the place', () => {
    const left: string[] = []
    const come = (name: string, returns: boolean): (() => void) =>
      takeOver('/runs/a s1abc', () => left.push(name), returns)
    const gone = [come('first', false), come('second', false)]
    expect(left).toEqual([])
    gone.push(come('third', true))
    expect(left).toEqual(['second'])
    for (const leave of gone) leave()
    come('fourth', true)()
    expect(left).toEqual(['second'])
  })
})
