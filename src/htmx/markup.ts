import { closestMatch } from '../shared/closest-match.ts'
import { HOLE, SEAM, type Tag } from '../html/tags.ts'

/** Attributes with what is read from each, and where it begins in the text. */
type Uses<T> = readonly Readonly<T & { attribute: string; at: number }>[]

/** The needs of a template's markup: what has to be in the page and in the app around it. */
export interface MarkupUses {
  /** Requests that elements make. The addresses are as they are written, holes included. */
  readonly requests: Uses<{ method: string; url: string }>
  /** Elements that are meant by their id. */
  readonly references: Uses<{ id: string }>
  /** The ids that its elements have; holes included. */
  readonly ids: readonly string[]
  /** Events of a stream that something waits for. */
  readonly events: Uses<{ event: string }>
  /** Attributes that do nothing. */
  readonly wrong: Uses<{ message: string; hint: string }>
  /** Attributes that run text as a script, which a content security policy may forbid. */
  readonly scripts: Uses<{ message: string; hint: string }>
  /** Elements that connect to a stream which never closes, or whose frames empty their target. */
  readonly connections: Uses<{ message: string; hint: string }>
  readonly answers: readonly AnswerPlace[]
  /** Elements hand a target on to those in them. */
  readonly inheritsTarget: boolean
}

/** An element whose answer, when htmx 4 streams it, cannot come in parts. */
export interface AnswerPlace {
  readonly method: string
  readonly url: string
  /** The answer takes the place of the element that asks. Else, a part of it is chosen (`hx-select`) or lost. */
  readonly isReplaced: boolean
  readonly message: string
  readonly hint: string
  /** Without a target of its own an element is its own target, unless a layout says otherwise. */
  readonly hasTarget: boolean
  readonly at: number
}

/** An attribute by the name that htmx reads, with the tag that has it. */
interface Read {
  readonly tag: Tag
  /** As it is written. */
  readonly attribute: string
  readonly name: string
  readonly value: string
  readonly at: number
  /** The method of the form around it, as it is written. */
  readonly form: string | undefined
}

/** The attributes of htmx 4 and of the extensions that come with it. */
const KNOWN =
  `get post put patch delete query action method boost browser-indicator config confirm disable download
  encoding head headers history-elt ignore include indicator last-part-id live morph-skip morph-skip-children
  multipart:connect multipart:close nonce on pending preload preserve prompt ptag push-url replace-url select select-oob
  sse:connect sse:close swap swap-oob sync target targets trigger upsert validate vals ws:connect ws:send`
    .split(/\s+/)
    .map((name) => `hx-${name}`)
const FAMILIES = /^hx-(?:on|status:|live:)/

/** Attributes that htmx 4 no longer reads, with the cure. */
const DROPPED: Readonly<Record<string, string>> = {
  'hx-disabled-elt': 'It is called hx-disable now.',
  'hx-disinherit': 'Nothing is inherited without :inherited, so leave it out.',
  'hx-ext': 'An extension works as soon as its script is loaded; leave it out.',
  'hx-history': 'Pages are no longer stored in the browser; leave it out.',
  'hx-inherit': 'Write :inherited behind the attribute that is meant: hx-target:inherited.',
  'hx-params': 'Change what is sent in a listener to htmx:config:request.',
  'hx-request': 'It is called hx-config now.',
  'hx-sse': 'Use hx-sse:connect="/url".',
  'hx-vars': 'Use hx-vals.',
  'hx-ws': 'Use hx-ws:connect="/url".',
}

const REQUEST = /^hx-(get|post|put|patch|delete)$/
/** Attributes of HTML whose value is one or more ids. */
const IDS =
  /^(?:for|form|list|aria-(?:activedescendant|controls|describedby|details|errormessage|flowto|labelledby|owns))$/
/** Attributes of htmx whose value may begin with `#id`. */
const SELECTORS = /^hx-(?:target|include|indicator|disable|select|sync|status:.+)$/

/**
 * Reads the attributes of some tags. `version` 2 accepts attributes that only htmx 4 has dropped.
 */
export function markupUses(tags: readonly Tag[], version: 2 | 4 = 4): MarkupUses {
  const all = attributesOf(tags)
  const answers = tags.flatMap((_, n) => answerOf(tags, n, all))
  return {
    requests: all.flatMap(requestOf),
    references: all.flatMap(referencesIn),
    ids: all.filter(({ name }) => name === 'id').map(({ value }) => value),
    events: all.flatMap(eventsOf),
    wrong: all.flatMap((each) => wrongAttribute(each, version)),
    scripts: all.flatMap(scriptIn),
    connections: [...all.flatMap(unclosedStream), ...(version === 2 ? all.flatMap(emptied) : [])],
    answers: version === 4 ? answers : [],
    inheritsTarget: all.some(({ attribute }) => /^(?:data-)?hx-target:/.test(attribute)),
  }
}

function attributesOf(tags: readonly Tag[]): Read[] {
  let form: string | undefined
  return tags.flatMap((tag) => {
    if (tag.name === 'form') form = tag.ends ? undefined : (valueOf(tag, 'method') ?? 'get')
    if (tag.ends) return []
    return tag.attributes.map(({ name: attribute, value, at }) => {
      const name = attribute.replace(/^data-(?=hx-)/, '').replace(/(?::inherited|:append)+$/, '')
      return { tag, attribute, name, value, at, form }
    })
  })
}

function requestOf({ tag, attribute, name, value, at, form }: Read): MarkupUses['requests'] {
  let method = REQUEST.exec(name)?.[1]
  if (name === 'action' && tag.name === 'form') method = form
  else if (name === 'formaction') method = valueOf(tag, 'formmethod') ?? form
  else if (name === 'sse-connect' || name === 'hx-sse:connect') method = 'get'
  else if (name === 'hx-action') method = valueOf(tag, 'hx-method') ?? 'get'
  if (method === undefined || isDynamic(method) || /^dialog$/i.test(method)) return []
  return [{ attribute, at, method: method.toUpperCase(), url: value }]
}

function referencesIn({ attribute, name, value, at }: Read): MarkupUses['references'] {
  if (isDynamic(value)) return []
  if (IDS.test(name)) return (value.match(/\S+/g) ?? []).map((id) => ({ attribute, at, id }))
  let selector = SELECTORS.test(name) ? value : ''
  if (name.startsWith('hx-status:')) selector = /target:\s*(\S+)/.exec(value)?.[1] ?? ''
  if (name === 'hx-swap-oob') selector = value.slice(value.indexOf(':') + 1)
  const [, id] = /^(?:(?:closest|find|next|previous|inherit,)\s+)?#([\w-]+)/.exec(selector) ?? []
  return id === undefined ? [] : [{ attribute, at, id }]
}

function eventsOf({ attribute, name, value, at }: Read): MarkupUses['events'] {
  if (isDynamic(value)) return []
  let events: string[] = []
  if (name === 'sse-swap') events = value.split(',')
  else if (name === 'sse-close' || name === 'hx-sse:close') events = [value]
  else if (name === 'hx-trigger')
    events = Array.from(value.matchAll(/(?:^|,)\s*sse:([^\s,[]+)/g), ([, event]) => event!)
  return events.map((event) => ({ attribute, at, event: event.trim() }))
}

function wrongAttribute(read: Read, version: 2 | 4): MarkupUses['wrong'] {
  const { tag, attribute, name, value, at } = read
  const wrong = (message: string, hint: string) => [{ attribute, at, message, hint }]
  const hasId = tag.attributes.some((each) => each.name === 'id' || each.name.includes(HOLE))
  if (name === 'hx-swap-oob' && !value.includes(':') && !isDynamic(value) && !hasId)
    return wrong(
      'this element has no id, so hx-swap-oob leads nowhere.',
      'Give it the id of the element that it replaces, or say where: beforeend:#list.',
    )
  const dropped = DROPPED[name]
  if (version === 2 && (dropped || name === 'hx-disable')) return []
  if (dropped) return wrong(`htmx 4 does not read ${name}.`, dropped)
  if (name === 'hx-disable' && value === '')
    return wrong(
      'hx-disable names the elements that wait for the answer, and it is empty.',
      'To keep htmx out, write hx-ignore.',
    )
  const isKnown = !/^hx[-_:]/.test(name) || KNOWN.includes(name) || FAMILIES.test(name)
  if (isKnown || name.includes(HOLE)) return []
  const near = closestMatch(name, KNOWN)
  return wrong(`htmx has no attribute ${name}.`, near ? `Did you mean ${near}?` : 'Leave it out.')
}

/** The attributes whose text htmx runs, wholly or behind a mark. */
const SCRIPTS = /^hx-(?:on|live)(?![a-z])/

function scriptIn({ attribute, name, value, at }: Read): MarkupUses['scripts'] {
  const isFilter = name === 'hx-trigger' && /^[^"']*\[/.test(value)
  const isMarked = name.startsWith('hx-') && /^\s*(?:js|javascript):/.test(value)
  if (!SCRIPTS.test(name) && !isFilter && !isMarked) return []
  const message = `htmx runs the text of ${attribute} as a script, which the content security policy forbids: nothing happens.`
  const hint =
    "Listen in a script file of your own, or allow it with 'unsafe-eval' in swapstream({ csp })."
  return [{ attribute, at, message, hint }]
}

function unclosedStream({ tag, attribute, name, at }: Read): MarkupUses['connections'] {
  if (name !== 'hx-sse:connect' && name !== 'sse-connect') return []
  const close = name === 'sse-connect' ? 'sse-close' : 'hx-sse:close'
  const names = tag.attributes.map((each) => each.name.replace(/^data-(?=hx-)/, ''))
  if (names.some((each) => each === close || each.includes(HOLE) || each === 'hx-sse:close'))
    return []
  const message = `${attribute} opens the stream again and again, also when it has come to its end.`
  return [{ attribute, at, message, hint: `Add ${close}="done".` }]
}

/** The use that htmx 2 makes of later frames, which have no content of their own. A style unknown to it is `innerHTML`. */
const OF_LATER_FRAMES: Readonly<Record<string, string>> = {
  delete: 'removes an element with hx-swap="delete" by the first frame.',
  outerHTML:
    'removes an element with hx-swap="outerHTML" by the first frame, and has no place for the later ones.',
  textContent: 'shows each frame as text, tags included, with hx-swap="textContent".',
}
const ADDS = /^(?:afterbegin|afterend|beforebegin|beforeend|none)$/

/** Finds an element of htmx 2 in which nothing stays of what its unnamed frames bring. */
function emptied({ tag, attribute, name, value, at }: Read): MarkupUses['connections'] {
  if (name !== 'sse-swap' || !/(?:^|,)\s*message\s*(?:,|$)/.test(value)) return []
  const swap = valueOf(tag, 'hx-swap') ?? valueOf(tag, 'data-hx-swap') ?? ''
  const [first = ''] = swap.trim().split(/\s+/)
  const style = first === '' || first.includes(':') ? 'innerHTML' : first
  if (ADDS.test(style) || isDynamic(swap)) return []
  const message = `htmx 2 ${OF_LATER_FRAMES[style] ?? `empties an element with hx-swap="${style}" by each later frame.`}`
  return [{ attribute, at, message, hint: 'Write hx-swap="beforeend", or "none" for a feed.' }]
}

/** Finds what loses the frames after the first, with htmx 4. */
function lostFrames(name: string, value: string): [message: string, hint: string] | undefined {
  const [style, ...modifiers] = value.trim().split(/[\s,]+/)
  if (name === 'hx-select-oob')
    return [
      'hx-select-oob takes its element from the first frame alone, so it stays as it was then.',
      'Write hx-swap-oob on that element in the block.',
    ]
  if (name !== 'hx-swap') return undefined
  if (style === 'textContent')
    return [
      'hx-swap="textContent" leaves nothing in the page that later frames could find: a streamed answer stays at its first words.',
      'Leave it out: text in a block is escaped.',
    ]
  if (style === 'outerSync')
    return [
      'hx-swap="outerSync" keeps the first element of a frame alone, so a streamed answer is lost unless the root of its block has an id.',
      'Write outerMorph, or give the root of the block an id.',
    ]
  const all = [style, ...modifiers]
  if (all.some((each) => /^strip(?::true)?$/.test(each!)))
    return [
      'strip takes away the first element of a frame, and with it what later frames look for.',
      'Leave it out, and in the block the element that it takes away.',
    ]
  if (!all.includes('swapEmpty:true')) return undefined
  return ['swapEmpty:true empties the target with each later frame.', 'Leave it out.']
}

/** Finds an element whose answer certainly removes it with the first frame, or is wanted only in part. */
function answerOf(tags: readonly Tag[], at: number, all: readonly Read[]): AnswerPlace[] {
  const tag = tags[at]!
  const own = all.filter((each) => each.tag === tag)
  const request = own.find(({ name }) => REQUEST.test(name) || name === 'hx-sse:connect')
  const names = own.map(({ name }) => name).filter((name) => name.startsWith('hx-'))
  // Of two values one is meant, and of a printed attribute nothing is known.
  if (!request || new Set(names).size < names.length || own.some(({ name }) => isDynamic(name)))
    return []
  const [target, select, swap] = ['hx-target', 'hx-select', 'hx-swap'].map((name) =>
    own.find((each) => each.name === name),
  )
  const isConnected = request.name === 'hx-sse:connect'
  const method = isConnected ? 'GET' : request.name.slice(3).toUpperCase()
  const answer = { method, url: request.value, hasTarget: target !== undefined }
  const lost = own.flatMap(({ name, value, at: from }) => {
    const [message, hint] = (!isDynamic(value) && lostFrames(name, value)) || []
    if (message === undefined || hint === undefined) return []
    return [{ ...answer, hasTarget: true, isReplaced: false, at: from, message, hint }]
  })
  if (lost.length > 0 || isConnected) return lost
  const selector = target?.value.trim() ?? 'this'
  if (isDynamic(selector)) return []
  if (select && select.value !== '' && !isDynamic(select.value) && selector !== 'body') {
    const message =
      'hx-select chooses a part of the answer, so a streamed answer comes when it is whole.'
    const hint = 'Leave it out where the block is what is wanted.'
    return [{ ...answer, isReplaced: false, at: select.at, message, hint }]
  }
  const [style, ...more] = (swap?.value ?? '').trim().split(/\s+/)
  const place = target ?? swap
  if (!place || more.some((each) => each.startsWith('target:'))) return []
  const isOuter = style === 'outerHTML'
  const isInner = style === '' || style === 'innerHTML' || style === 'textContent'
  const isAround = around(tags, at).some((each) => isTarget(each, selector))
  const isItself = selector === 'this' || isTarget(tag, selector)
  if (!(isOuter && (isItself || isAround)) && !(isInner && isAround && !isItself)) return []
  const asks = /^(?:button|form)$/.test(tag.name) ? tag.name : 'element'
  const message = `the answer takes the place of the ${asks} that asks, so htmx ends the stream with its first frame.`
  const hint = 'Give hx-target another element, or return a run.'
  return [{ ...answer, isReplaced: true, at: place.at, message, hint }]
}

/** Tells if a target certainly names this element. */
function isTarget(tag: Tag, selector: string): boolean {
  const [, id] = /^(?:closest\s+)?#([\w-]+)$/.exec(selector) ?? []
  if (id !== undefined) return valueOf(tag, 'id') === id
  const [, dot, name] = /^closest\s+(\.?)([\w-]+)$/.exec(selector) ?? []
  if (name === undefined) return false
  if (dot === '') return tag.name === name.toLowerCase()
  return (valueOf(tag, 'class') ?? '').split(/\s+/).includes(name)
}

/** The elements around a tag that have an end tag of their own. */
function around(tags: readonly Tag[], at: number): Tag[] {
  const open: number[] = []
  const found: Tag[] = []
  for (const [n, { name, ends }] of tags.entries()) {
    if (!ends) open.push(n)
    const last = ends ? open.findLastIndex((each) => tags[each]!.name === name) : -1
    if (last < 0) continue
    const [start] = open.splice(last)
    if (start! < at && at < n) found.push(tags[start!]!)
  }
  return found
}

function isDynamic(value: string): boolean {
  return value.includes(HOLE) || value.includes(SEAM)
}

function valueOf(tag: Tag, name: string): string | undefined {
  return tag.attributes.find((each) => each.name === name)?.value
}
