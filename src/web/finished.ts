import { SourceError } from '../shared/errors.ts'
import { Fragment, snapshotKey, whenCut } from '../fragments/fragment.ts'
import { blockTree } from '../htmx/block-tree.ts'
import { handOff } from '../htmx/resume.ts'
import { StreamPage } from '../htmx/stream-page.ts'
import { together } from '../htmx/together.ts'
import type { EndReason } from '../streams/end.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { isLeftOut } from './block-renders.ts'
import { renderBlock } from './page.ts'

/** Values, and how they ended. */
type Values = AsyncGenerator<unknown, EndReason>

/** Renders the stream once, as its end looks: for htmx without its streaming extension. */
export async function finishedFragments(values: Values, engine: TemplateEngine): Promise<string> {
  return render((await newest(values)).fragments, engine)
}

/**
 * Renders a run for htmx 2, which cannot read a stream that answers a form: its main block as it is now, and beside it an
 * element that goes on with it. A run that has ended already is rendered as its end looks.
 */
export async function handedOff(
  values: Values,
  engine: TemplateEngine,
  path: string,
): Promise<string> {
  const { fragments, growing } = await newest(values, true)
  if (growing === undefined) return render(fragments, engine)
  const page = new StreamPage({ morphs: false, resumable: true })
  const [block] = page.show(growing, blockTree(await renderBlock(growing, engine)))
  return block + handOff({ path, at: page.streamId })
}

async function render(fragments: readonly Fragment[], engine: TemplateEngine): Promise<string> {
  const rendered = []
  for (const fragment of fragments) {
    if (await isLeftOut(fragment, engine)) continue
    rendered.push({ fragment, html: await renderBlock(fragment, engine) })
  }
  return together(rendered)
}

/**
 * Renders the stream as the page at its end: the template of the answer, with the newest context of each of its blocks.
 * So one template serves with and without JavaScript.
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

/** Reads the newest snapshot of each block, cut when the stream is, and all other fragments; or a growing main block. */
async function newest(
  values: Values,
  stopsAtMain = false,
): Promise<{ fragments: readonly Fragment[]; reason?: EndReason; growing?: Fragment }> {
  const newestOf = new Map<unknown, Fragment>()
  let step = await values.next()
  for (; !step.done; step = await values.next()) {
    const { value } = step
    if (!(value instanceof Fragment)) continue
    if (stopsAtMain && value.target === undefined && !value.final) {
      await values.return('disconnected')
      return { fragments: [], growing: value }
    }
    newestOf.set(snapshotKey(value) ?? value, value)
  }
  const fragments = [...newestOf.values()]
  const reason = step.value
  if (reason === 'done') return { fragments, reason }
  return { fragments: fragments.map((fragment) => whenCut(fragment) ?? fragment), reason }
}
