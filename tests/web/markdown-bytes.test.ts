import { describe, expect, test } from 'vitest'
import { sentBytes, SHAPES as WHOLE } from '../../bench/markdown/sent-bytes.ts'

/** 100 tokens a second at 30 ms frames. */
const STEPS = 1_000
const STEPS_A_FRAME = 3
/** Texts of 4 to 5 KB. */
const SHAPES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(WHOLE).map(([name, text]) => [name, text.slice(0, text.length / 2)]),
)

describe.each([
  ['htmx 4', true],
  ['htmx 2', false],
])('Markdown in 1,000 steps on its way to %s', (_, morphs) => {
  test.each(Object.entries(SHAPES))(
    'is sent once and not again, with an address a frame: %s',
    async (name, text) => {
      const { html, frames, content, growing } = await sentBytes(text, STEPS, STEPS_A_FRAME, morphs)
      expect(frames).toBeGreaterThan(STEPS / STEPS_A_FRAME)
      expect(content).toBeGreaterThan(0.95 * html)
      // A short item comes again where that is less than the addresses of two changes in it.
      expect(content).toBeLessThan((name === 'one list' ? 1.35 : 1.2) * html)
      expect(growing).toBeLessThan(Math.min(content, 1.2 * html) + 150 * frames)
    },
  )

  test('is at most twice the last HTML as a compressed stream, the last frame included', async () => {
    const { html, compressed } = await sentBytes(SHAPES['mixed']!, STEPS, STEPS_A_FRAME, morphs)
    expect(await compressed()).toBeLessThan(2 * html)
  })

  test('costs twice as much when it is twice as long, also in one block', async () => {
    const text = SHAPES['one list']!
    const half = text.slice(0, text.length / 2)
    const whole = await sentBytes(text, STEPS, STEPS_A_FRAME, morphs)
    const part = await sentBytes(half, STEPS / 2, STEPS_A_FRAME, morphs)
    expect(whole.growing / part.growing).toBeLessThan(2.1)
  })
})
