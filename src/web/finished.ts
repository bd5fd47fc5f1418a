import { SourceError } from '../shared/errors.ts'
import { omitUndefined } from '../shared/omit-undefined.ts'
import { Fragment, snapshotKey } from '../fragments/fragment.ts'
import { blockTree } from '../htmx/block-tree.ts'
import { handOff } from '../htmx/resume.ts'
import { StreamPage } from '../htmx/stream-page.ts'
import { together } from '../htmx/together.ts'
import type { EndReason } from '../streams/end.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { renderBlock } from './page.ts'

/** Values, and how they ended. */
type Values = AsyncGenerator<unknown, EndReason>

/** The stream rendered once, as its end would look: for htmx without its streaming extension. */
export async function finishedFragments(values: Values, engine: TemplateEngine): Promise<string> {
  const rendered = []
  for (const fragment of (await newest(values)).fragments)
    rendered.push({ fragment, html: await renderBlock(fragment, engine) })
  return together(rendered)
}

/**
 * A run for htmx 2, which cannot read a stream that answers a form: its main block as it is now, and beside it an element
 * that goes on with it. A run that has ended already is rendered as its end looks.
 */
export async function handedOff(
  values: Values,
  engine: TemplateEngine,
  path: string,
): Promise<string> {
  const early: unknown[] = []
  let step = await values.next()
  for (; !step.done; step = await values.next()) {
    const { value } = step
    if (value instanceof Fragment && value.target === undefined && !value.final) {
      await values.return('disconnected')
      const page = new StreamPage({ morphs: false, resumable: true })
      const [block] = page.show(value, blockTree(await renderBlock(value, engine)))
      return block + handOff({ path, at: page.streamId })
    }
    early.push(value)
  }
  return finishedFragments(again(early, step.value), engine)
}

async function* again(values: readonly unknown[], reason: EndReason): Values {
  yield* values
  return reason
}

/**
 * The stream as the page it would have become: the template of the answer, rendered with the newest context of each of
 * its blocks. So one template serves with and without JavaScript.
 */
export async function finishedPage(values: Values, engine: TemplateEngine): Promise<string> {
  const { fragments, reason } = await newest(values)
  const main = fragments.find(({ target }) => target === undefined) ?? fragments[0]
  if (main === undefined) {
    // The answer goes nowhere.
    if (reason === 'disconnected') return ''
    const message = 'The stream gave no Fragment, so there is no template to show as a page.'
    const hint = 'Ask for it with the header Accept: text/event-stream.'
    throw new SourceError('source/value', message, { hint })
  }
  const own = fragments.filter(({ template }) => template === main.template)
  return engine.render(main.template, Object.assign({}, ...own.map(({ context }) => context)))
}

/** The newest snapshot of each block, as it looks when it is cut if the stream was; and each fragment that is none. */
async function newest(
  values: Values,
): Promise<{ readonly fragments: readonly Fragment[]; readonly reason: EndReason }> {
  const newestOf = new Map<unknown, Fragment>()
  let step = await values.next()
  for (; !step.done; step = await values.next()) {
    const { value } = step
    if (value instanceof Fragment) newestOf.set(snapshotKey(value) ?? value, value)
  }
  const fragments = [...newestOf.values()]
  const reason = step.value
  return { fragments: reason === 'done' ? fragments : fragments.map(asCut), reason }
}

function asCut(fragment: Fragment): Fragment {
  const { template, block, context, cut, target, swap, final } = fragment
  if (final || cut === undefined) return fragment
  return new Fragment(template, block, { ...context, ...cut }, omitUndefined({ target, swap }))
}
