import { SourceError } from '../shared/errors.ts'
import { omitUndefined } from '../shared/omit-undefined.ts'
import { Fragment } from '../fragments/fragment.ts'
import { blockTree } from '../htmx/block-tree.ts'
import { handOff } from '../htmx/resume.ts'
import { StreamPage } from '../htmx/stream-page.ts'
import { together } from '../htmx/together.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import type { EndReason } from '../streams/end.ts'
import { renderBlock } from './page.ts'

/** Values, and how they ended. */
type Ending = AsyncGenerator<unknown, EndReason>

/** The stream rendered once, as its end would look: for htmx without its streaming extension. */
export async function finishedFragments(values: Ending, engine: TemplateEngine): Promise<string> {
  const rendered = []
  for (const fragment of await newest(values))
    rendered.push({ fragment, html: await renderBlock(fragment, engine) })
  return together(rendered)
}

/**
 * A run for htmx 2, which cannot read a stream that answers a form: its main block as it is now, and beside it an element
 * that goes on with it. A run that has ended already is rendered as its end looks.
 */
export async function handedOff(
  values: Ending,
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

async function* again(values: readonly unknown[], reason: EndReason): Ending {
  yield* values
  return reason
}

/**
 * The stream as the page it would have become: the template of the answer, drawn whole with the newest context of
 * each of its blocks. So one template serves with and without JavaScript.
 */
export async function finishedPage(values: Ending, engine: TemplateEngine): Promise<string> {
  const fragments = await newest(values)
  const main = fragments.find(({ target }) => target === undefined) ?? fragments[0]
  if (main === undefined) {
    throw new SourceError(
      'source/value',
      'The stream gave no Fragment, so there is no template to show as a page.',
      {
        hint: 'Ask for it with the header Accept: text/event-stream.',
      },
    )
  }
  const context = {}
  for (const fragment of fragments)
    if (fragment.template === main.template) Object.assign(context, fragment.context)
  return engine.render(main.template, context)
}

/**
 * What is left of a stream when each state has given way to the newest of its block, drawn as cut where it was. Added
 * pieces all stay.
 */
async function newest(values: Ending): Promise<Iterable<Fragment> & readonly Fragment[]> {
  const kept = new Map<string, Fragment>()
  let added = 0
  let step = await values.next()
  for (; !step.done; step = await values.next()) {
    const { value } = step
    if (!(value instanceof Fragment)) continue
    const { template, block, target = '', swap = 'innerMorph' } = value
    const state = /^(?:inner|outer)/.test(swap)
    kept.set(state ? `${template}\0${block}\0${target}` : `${added++}`, value)
  }
  const fragments = [...kept.values()]
  if (step.value === 'done') return fragments
  return fragments.map((fragment) => {
    const { template, block, context, cut, target, swap, final } = fragment
    if (final || cut === undefined) return fragment
    return new Fragment(template, block, { ...context, ...cut }, omitUndefined({ target, swap }))
  })
}
