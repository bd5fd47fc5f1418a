import { HOLE, SEAM, type Tag } from '../html/tags.ts'

/** An element that asks, and what keeps its answer from coming piece by piece. */
export interface AnswerPlace {
  readonly method: string
  /** As it is written, holes included. */
  readonly url: string
  /** The answer takes the place of the element that asks. Else, a part of it is chosen (`hx-select`). */
  readonly isReplaced: boolean
  /** What becomes of it, and what to do. */
  readonly message: string
  readonly hint: string
  /** Without a target of its own an element is its own target, unless a layout says otherwise. */
  readonly hasTarget: boolean
  /** Where the attribute stands that says so. */
  readonly at: number
}

/** An attribute by the name that htmx reads, and where it stands. */
interface Said {
  readonly name: string
  readonly value: string
  readonly at: number
}

const SELECTED = {
  message: 'hx-select chooses a part of the answer, so a streamed answer comes when it is whole.',
  hint: 'Leave it out where the block is what is wanted.',
}
const REQUEST = /^hx-(get|post|put|patch|delete)$/
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/

/**
 * Finds the elements whose answer, streamed by htmx 4, cannot come piece by piece: because its first frame takes away the
 * element that asks, or because only a part of it is wanted.
 *
 * Out     only where the template itself tells the target: by `this`, or by a name, a class or an id of an element around.
 */
export function answerPlaces(tags: readonly Tag[]): AnswerPlace[] {
  const around = elementsAround(tags)
  return tags.flatMap((tag) => {
    const said = tag.ends ? [] : saidBy(tag)
    const request = said.find(({ name }) => REQUEST.test(name))
    // Of two values one is meant, and of a printed attribute nothing is known.
    const names = said.map(({ name }) => name).filter((name) => name.startsWith('hx-'))
    const isClear =
      new Set(names).size === names.length && !said.some(({ name }) => isUnknown(name))
    if (request === undefined || !isClear) return []
    const value = (name: string): Said | undefined => said.find((each) => each.name === name)
    const found = placeOf(tag, value, around.get(tag) ?? [])
    if (found === undefined) return []
    const method = REQUEST.exec(request.name)![1]!.toUpperCase()
    const hasTarget = value('hx-target') !== undefined
    return [{ method, url: request.value, hasTarget, ...found }]
  })
}

/** Whether elements hand a target on to those in them. */
export function handsTargetOn(tags: readonly Tag[]): boolean {
  return tags.some((tag) => tag.attributes.some(({ name }) => /^(?:data-)?hx-target:/.test(name)))
}

function placeOf(
  tag: Tag,
  value: (name: string) => Said | undefined,
  around: readonly Tag[],
): Pick<AnswerPlace, 'at' | 'hint' | 'isReplaced' | 'message'> | undefined {
  const [select, target, swap] = [value('hx-select'), value('hx-target'), value('hx-swap')]
  if (isUnknown(target?.value)) return undefined
  const selector = target?.value.trim() ?? 'this'
  if (select && select.value !== '' && !isUnknown(select.value) && selector !== 'body')
    return { isReplaced: false, at: select.at, ...SELECTED }
  const [style, ...more] = (swap?.value ?? '').trim().split(/\s+/)
  const at = (target ?? swap)?.at
  if (at === undefined || more.some((each) => each.startsWith('target:'))) return undefined
  const isOuter = style === 'outerHTML'
  const isInner = style === '' || style === 'innerHTML' || style === 'textContent'
  const isAround = around.some((each) => isTarget(each, selector))
  const isItself = selector === 'this' || isTarget(tag, selector)
  if (!(isOuter && (isItself || isAround)) && !(isInner && isAround && !isItself)) return undefined
  const asks = /^(?:button|form)$/.test(tag.name) ? tag.name : 'element'
  const message = `the answer takes the place of the ${asks} that asks, so htmx ends the stream with its first frame.`
  const hint = 'Give hx-target another element, or return a run.'
  return { isReplaced: true, at, message, hint }
}

/** Whether a target certainly names this element or one outside of it. */
function isTarget(tag: Tag, selector: string): boolean {
  const [, id] = /^(?:closest\s+)?#([\w-]+)$/.exec(selector) ?? []
  const has = (name: string): string | undefined =>
    tag.attributes.find((each) => each.name === name)?.value
  if (id !== undefined) return has('id') === id
  const [, dot, name] = /^closest\s+(\.?)([\w-]+)$/.exec(selector) ?? []
  if (name === undefined) return false
  return dot === ''
    ? tag.name === name.toLowerCase()
    : (has('class') ?? '').split(/\s+/).includes(name)
}

/** The elements around each start tag, the outermost first: those that have an end tag of their own. */
function elementsAround(tags: readonly Tag[]): Map<Tag, Tag[]> {
  const ends = new Map<Tag, number>()
  const open: Tag[] = []
  for (const [n, tag] of tags.entries()) {
    if (!tag.ends) {
      if (!VOID.test(tag.name)) open.push(tag)
      continue
    }
    const at = open.findLastIndex(({ name }) => name === tag.name)
    if (at >= 0) ends.set(open.splice(at)[0]!, n)
  }
  const around = new Map<Tag, Tag[]>()
  let within: Tag[] = []
  for (const [n, tag] of tags.entries()) {
    within = within.filter((each) => ends.get(each)! > n)
    if (tag.ends) continue
    around.set(tag, within)
    if (ends.has(tag)) within = [...within, tag]
  }
  return around
}

function saidBy({ attributes }: Tag): Said[] {
  return attributes.map(({ name, value, at }) => ({
    name: name.replace(/^data-(?=hx-)/, '').replace(/:inherited$/, ''),
    value,
    at,
  }))
}

function isUnknown(value = ''): boolean {
  return value.includes(HOLE) || value.includes(SEAM)
}
