import fc from 'fast-check'
import nunjucks from 'nunjucks'
import { expect, test } from 'vitest'
import { escapeHtml } from '../../src/shared/escape-html.ts'

test('escapeHtml writes the same entities as nunjucks, for short and for long text, with and without anything to escape', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '&', '<', '>', '"', "'", '`', '\\', '&amp;', '😀', '\n'),
    maxLength: 200,
  })
  const { escape } = (nunjucks as unknown as { lib: { escape(text: string): string } }).lib
  fc.assert(
    fc.property(text, (raw) => {
      expect(escapeHtml(raw)).toBe(escape(raw))
    }),
    { numRuns: 2_000 },
  )
})

test('escapeHtml of two texts is what it is of both together: text that grows may be escaped piece by piece', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '&', '<', '\\', '"', '😀'), maxLength: 100 })
  fc.assert(
    fc.property(text, text, (one, two) => {
      expect(escapeHtml(one + two)).toBe(escapeHtml(one) + escapeHtml(two))
    }),
  )
})
