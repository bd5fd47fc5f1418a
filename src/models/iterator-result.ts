import { SourceError } from '../shared/errors.ts'
import { kindOf } from './kind-of.ts'

/** Whether `next()` gave what it has to give: an iterator of somebody else's making may answer with anything. */
export function isResult(answer: unknown): answer is IteratorResult<unknown, unknown> {
  return answer !== null && typeof answer === 'object'
}

/** Why what it gave is refused. */
export function noResult(answer: unknown): SourceError {
  return new SourceError(
    'source/value',
    `The next() of a source gave ${kindOf(answer)}, which is no result.`,
    { hint: 'It has to give { done, value }; an async generator does so by itself.' },
  )
}
