import { expect, test } from 'vitest'
import { events } from 'swapstream'
import { ValueOutbox } from '../../src/streams/outbox.ts'
import { withRetry } from '../../src/streams/with-retry.ts'

test('a reader who is told when to come back is also told where to go on', () => {
  const outbox = withRetry(new ValueOutbox(events()()), 3_000)
  outbox.take('one', '1-1')
  outbox.take('two', '1-2')
  const report = (): never => {
    throw new Error('nothing fails')
  }
  expect([outbox.next(report), outbox.next(report)]).toEqual([
    'retry: 3000\ndata: one\nid: 1-1\n\n',
    'data: two\nid: 1-2\n\n',
  ])
  expect(outbox.empty).toBe(true)
})
