import { SourceError } from '../shared/errors.ts'
import { failures, Fragment, snapshotKey, whenCut } from '../fragments/fragment.ts'
import type { BlockContext, FragmentFailure } from '../fragments/fragment.ts'
import { tagsIn } from '../html/tags.ts'
import { blockTree } from '../htmx/block-tree.ts'
import { firstMessages } from '../htmx/out-of-band.ts'
import { withAnchor } from '../htmx/page-block.ts'
import { handOff, resumeId } from '../htmx/resume.ts'
import { newStreamId } from '../htmx/stream-page.ts'
import { mainAnswer, together, type WholeAnswer } from '../htmx/together.ts'
import type { EndReason } from '../streams/end.ts'
import { reportedAs } from '../streams/failure.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { isLeftOut } from './block-renders.ts'
import { renderBlock } from './page.ts'

/** Writes a failure to the log, and returns its notice. */
type ToNotice = (failure: FragmentFailure) => string

/** Values, and how they ended. */
type Values = AsyncGenerator<unknown, EndReason>

/** Renders the stream once, as its end looks: for htmx without its streaming extension. */
export async function finishedFragments(
  values: Values,
  engine: TemplateEngine,
  morphs: boolean,
  toNotice: ToNotice,
): Promise<WholeAnswer> {
  return render((await newest(values)).fragments, engine, morphs, toNotice)
}

/**
 * Renders a run for htmx 2, which cannot read a stream that answers a form: its main block as it is now, and beside it an
 * element that goes on with it. A run that has ended already is rendered as its end looks.
 */
export async function handedOff(
  values: Values,
  engine: TemplateEngine,
  path: string,
  toNotice: ToNotice,
): Promise<WholeAnswer> {
  const { fragments, growing } = await newest(values, true)
  if (growing === undefined) return render(fragments, engine, false, toNotice)
  const at = newStreamId()
  const tree = blockTree(await renderBlock(growing, engine))
  const { html, more } = firstMessages(false, tree)
  const block = withAnchor(tree, html, { anchor: at, resumable: true })
  const answer = mainAnswer(block, tree.root.space, `,#${resumeId(at)}`)
  return { ...answer, html: answer.html + more.join('') + handOff({ path, at }) }
}

async function render(
  fragments: readonly Fragment[],
  engine: TemplateEngine,
  morphs: boolean,
  toNotice: ToNotice,
): Promise<WholeAnswer> {
  const rendered = []
  for (const fragment of fragments) {
    if (await isLeftOut(fragment, engine)) continue
    const html = noticeOf(fragment, toNotice) ?? (await renderBlock(fragment, engine))
    rendered.push({ fragment, html })
  }
  return together(rendered, morphs)
}

/** The notice in place of a fragment that failed before its render. */
function noticeOf(fragment: Fragment, toNotice: ToNotice): string | undefined {
  const failure = failures.get(fragment)
  if (failure === undefined) return undefined
  return toNotice(failure)
}

/**
 * Renders the stream as the page at its end: the template of the answer, with the newest context of each of its blocks.
 * So one template serves with and without JavaScript.
 */
export async function finishedPage(
  values: Values,
  engine: TemplateEngine,
  toNotice: ToNotice,
): Promise<string> {
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
  const context = Object.assign({}, ...own.map((each) => each.context))
  let page = await engine.render(main.template, context)
  for (const fragment of own) {
    const text = noticeOf(fragment, toNotice)
    if (text !== undefined) page = await withNotice(page, fragment, context, text, engine)
  }
  return page
}

/** A page with a notice in place of a block; where that shows nothing, at the start of the element with its name. */
async function withNotice(
  page: string,
  { template, block }: Fragment,
  context: BlockContext,
  text: string,
  engine: TemplateEngine,
): Promise<string> {
  const shown = await renderBlock(new Fragment(template, block, context), engine)
  const place = tagsIn(page).find(({ ends, attributes }) => {
    return !ends && attributes.some(({ name, value }) => name === 'id' && value === block)
  })
  const at = shown.trim() === '' ? -1 : page.indexOf(shown, place && place.at - shown.length)
  if (at >= 0) return page.slice(0, at) + text + page.slice(at + shown.length)
  const end = place?.end ?? Math.max(0, page.search(/<\/body\s*>|$/i))
  return page.slice(0, end) + text + page.slice(end)
}

/** Reads the newest snapshot of each block, cut when the stream is, and all other fragments; or a growing main block. */
async function newest(
  values: Values,
  stopsAtMain = false,
): Promise<{ fragments: readonly Fragment[]; reason?: EndReason; growing?: Fragment }> {
  const newestOf = new Map<unknown, Fragment>()
  const failed: FragmentFailure[] = []
  // What a fragment stands for already is shown in its place.
  const next = (): ReturnType<Values['next']> =>
    values.next().catch((error) => {
      const id = reportedAs(error)?.id
      const isShown = failed.some(
        (part) => part.error === error || (id && part.publicError?.id === id),
      )
      if (!isShown) throw error
      return { done: true, value: 'error' } as const
    })
  let step = await next()
  for (; !step.done; step = await next()) {
    const { value } = step
    if (!(value instanceof Fragment)) continue
    const failure = failures.get(value)
    if (failure) failed.push(failure)
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
