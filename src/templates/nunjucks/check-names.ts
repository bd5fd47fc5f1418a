import { Failure, UnknownName } from './failure.ts'
import type { InnerEnvironment } from './internals.ts'
import type { Needs } from './needs.ts'
import type { Mention } from './reads.ts'

/**
 * Looks up every filter and test on the way to a block before anything is drawn: at run time nunjucks would tell only
 * when it gets there, and then only where the block begins.
 *
 * Throws  TemplateError `template/filter-unknown`.
 */
export function checkNames(needs: Pick<Needs, 'filters' | 'tests'>, env: InnerEnvironment): void {
  for (const mention of needs.filters) check('filter', mention, env.filters)
  for (const mention of needs.tests) check('test', mention, env.tests)
}

function check(kind: 'filter' | 'test', { name, template, node }: Mention, known: object): void {
  if (Object.hasOwn(known, name)) return
  throw Failure.toError(
    new Failure(new UnknownName(kind, name, known), node.lineno + 1, node.colno + 1),
    template,
  )
}
