import { expect, test } from 'vitest'
import { kindOf, withArticle } from '../../src/shared/hooks.ts'

test.each([
  'an EventStream',
  'an Object',
  'an NDJSON',
  'an Array',
  'an HTMLElement',
  'an SSE',
  'an X',
  'an undefined',
  'an iterator',
  'an hour',
  'a URL',
  'a User',
  'a Uint8Array',
  'a Map',
  'a Page',
  'a bare object',
  'a string',
])('the article fits the sound: %s', (phrase) => {
  const word = phrase.replace(/^an? /, '')
  expect(withArticle(word)).toBe(phrase)
})

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  [{}, 'an Object'],
  [Object.create(null), 'a bare object'],
  [{ constructor: 1 }, 'a bare object'],
  [[], 'an Array'],
  [() => {}, 'a function'],
  [1n, 'a bigint'],
  [Symbol('s'), 'a symbol'],
])('a kind is named: %o', (value, kind) => {
  expect(kindOf(value)).toBe(kind)
})
