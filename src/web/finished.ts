import { SourceError } from '../base/errors.ts'
import { given } from '../base/given.ts'
import { Fragment } from '../fragments/fragment.ts'
import { Addresser } from '../htmx/addresser.ts'
import type { TemplateEngine } from '../render/engine.ts'
import { Renders } from './renders.ts'

/** The stream drawn once, as its end would look: for htmx without its streaming extension. */
export async function finishedFragments(
  values: AsyncIterable<unknown>,
  engine: TemplateEngine,
): Promise<string> {
  const renders = new Renders(engine)
  const addresser = new Addresser()
  let html = ''
  for (const fragment of await newest(values)) {
    const { template, block, context, target, swap } = fragment
    const last = new Fragment(template, block, context, given({ target, swap, final: true }))
    html += addresser.address(last, await renders.render(last))
  }
  return html
}

/**
 * The stream as the page it would have become: the template of the answer, drawn whole with the newest context of
 * each of its blocks. So one template serves with and without JavaScript.
 */
export async function finishedPage(
  values: AsyncIterable<unknown>,
  engine: TemplateEngine,
): Promise<string> {
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

/** What is left of a stream when each state has given way to the newest of its block. Added pieces all stay. */
async function newest(
  values: AsyncIterable<unknown>,
): Promise<Iterable<Fragment> & readonly Fragment[]> {
  const kept = new Map<string, Fragment>()
  let added = 0
  for await (const value of values) {
    if (!(value instanceof Fragment)) continue
    const { template, block, target = '', swap = 'innerMorph' } = value
    const state = /^(?:inner|outer)/.test(swap)
    kept.set(state ? `${template}\0${block}\0${target}` : `${added++}`, value)
  }
  return [...kept.values()]
}
