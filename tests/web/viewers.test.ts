import { describe, expect, test } from 'vitest'
import { Fragment, nunjucksEngine } from 'swapstream'
import type { TemplateEngine } from '../../src/templates/engine.ts'
import { BlockRenders } from '../../src/web/block-renders.ts'
import { FragmentBuffer } from '../../src/web/fragment-buffer.ts'
import { replaceConnection } from '../../src/web/reconnect.ts'

const templates = { 'chat.html': '{% block a %}<div>{{ text | shout }}</div>{% endblock %}' }

const fail = (error: unknown): never => {
  throw error
}

describe('many subscribers of one run', () => {
  test('are drawn each state once, and each gets all of it', async () => {
    let drawn = 0
    const shout = (text: string): string => {
      drawn += 1
      return `${text}!`
    }
    const engine: TemplateEngine = nunjucksEngine({ templates, filters: { shout } })
    const run = { subscribers: 20 }
    const buffers = Array.from(
      { length: run.subscribers },
      () =>
        new FragmentBuffer({
          renders: () => BlockRenders.of(run, engine),
          updates: 'diff',
          morphs: true,
        }),
    )
    for (const [n, text] of ['one', 'one two', 'one two three'].entries()) {
      const state = new Fragment('chat.html', 'a', { text })
      for (const buffer of buffers) {
        buffer.push(state)
        expect(await buffer.flush(fail)).toMatch(/one|two|three/)
      }
      expect(drawn).toBe(n + 1)
    }
  })

  test('with the same id by chance both stay; one that comes back replaces the first', () => {
    const left: string[] = []
    const come = (name: string, returns: boolean): (() => void) =>
      replaceConnection('/runs/a s1abc', () => left.push(name), returns)
    const gone = [come('first', false), come('second', false)]
    expect(left).toEqual([])
    gone.push(come('third', true))
    expect(left).toEqual(['second'])
    for (const leave of gone) leave()
    come('fourth', true)()
    expect(left).toEqual(['second'])
  })
})
