import { describe, expect, it } from 'vitest'
import { inContext } from '../../../examples/ask/find.ts'

const previous = { question: 'How do I read a query in Hono?', answer: '', about: 'hono' }

describe('what is searched for', () => {
  it('is the question, when nothing was asked before', () => {
    expect(inContext('And a header?', undefined)).toEqual(['And a header?'])
  })

  it.each(['How do I mock a module?', 'a function that returns text', 'this package of teapots'])(
    'is the question by itself first: %s',
    (question) => {
      expect(inContext(question, previous)).toEqual([
        question,
        `${question} (hono)`,
        `How do I read a query in Hono? ${question}`,
      ])
    },
  )

  it.each(['And a header?', 'what about cookies', 'cookies?', 'How about setting one cookie now'])(
    'is the question in the package that was spoken of first: %s',
    (question) => {
      expect(inContext(question, previous)[0]).toBe(`${question} (hono)`)
      expect(inContext(question, previous).at(-1)).toBe(question)
    },
  )

  it.each(['Can it have several values?', 'And how do I read all of them?', 'How do I set one?'])(
    'is the question together with the one before it first: %s',
    (question) => {
      expect(inContext(question, previous)[0]).toBe(`How do I read a query in Hono? ${question}`)
    },
  )
})
