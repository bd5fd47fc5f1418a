import { expect, test } from 'vitest'
import { didYouMean } from '../../src/shared/errors.ts'
import { closestMatch } from '../../src/shared/closest-match.ts'

test.each([
  ['respones', 'response'],
  ['resposne', 'response'],
  ['Response', 'response'],
  ['sorces', 'sources'],
  ['x', undefined],
  ['completely-else', undefined],
])('nearest to %s is %s', (name, meant) => {
  expect(closestMatch(name, ['page', 'response', 'sources'])).toBe(meant)
})

test('didYouMean lists what exists, in order, and stops listing at twenty', () => {
  expect(didYouMean('b', [])).toBe('(there are none)')
  expect(didYouMean('zzz', ['b', 'a'])).toBe('(has: a, b)')
  expect(
    didYouMean(
      'zzz',
      Array.from({ length: 25 }, (_, n) => `name${n + 10}`),
    ),
  ).toMatch(/name29, … 5 more\)$/)
})
