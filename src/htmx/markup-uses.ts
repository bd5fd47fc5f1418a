import { nearest } from '../shared/nearest.ts'
import { HOLE, SEAM, type Attribute, type Tag } from '../html/tags.ts'
import { answerPlaces, handsTargetOn, type AnswerPlace } from './answer-places.ts'

/** Something that an attribute says, and where. */
interface Use {
  /** The attribute as it is written. */
  readonly attribute: string
  readonly at: number
}

/** A request that an element makes. */
export interface RequestUse extends Use {
  readonly method: string
  /** As it is written, holes included. */
  readonly url: string
}

/** An element that is meant by its id. */
export interface IdUse extends Use {
  readonly id: string
}

/** An event of a stream that something waits for. */
export interface EventUse extends Use {
  readonly event: string
}

/** An attribute that does nothing. */
export interface WrongUse extends Use {
  readonly message: string
  readonly hint: string
}

/** What the markup of a template asks of the page and of the app around it. */
export interface MarkupUses {
  readonly requests: readonly RequestUse[]
  readonly meant: readonly IdUse[]
  /** The ids that its elements have; holes included. */
  readonly ids: readonly string[]
  readonly events: readonly EventUse[]
  readonly wrong: readonly WrongUse[]
  /** The elements whose answer, when it is streamed, cannot come piece by piece; of htmx 4 only. */
  readonly answers: readonly AnswerPlace[]
  /** Elements hand a target on to those in them. */
  readonly handsTargetOn: boolean
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/** What htmx 4 and the extensions that come with it read. */
const KNOWN =
  `get post put patch delete query action method boost browser-indicator config confirm disable download
  encoding head headers history-elt ignore include indicator last-part-id live morph-skip morph-skip-children
  multipart:connect multipart:close nonce on pending preload preserve prompt ptag push-url replace-url select select-oob
  sse:connect sse:close swap swap-oob sync target targets trigger upsert validate vals ws:connect ws:send`
    .split(/\s+/)
    .map((name) => `hx-${name}`)
const FAMILIES = /^hx-(?:on|status:|live:)/

/** What htmx 4 no longer reads, and what to write in its place. */
const DROPPED: Readonly<Record<string, string>> = {
  'hx-disabled-elt': 'It is called hx-disable now.',
  'hx-disinherit': 'Nothing is inherited without :inherited, so leave it out.',
  'hx-ext': 'An extension works as soon as its script is loaded; leave it out.',
  'hx-history': 'Pages are no longer kept in the browser; leave it out.',
  'hx-inherit': 'Write :inherited behind the attribute that is meant: hx-target:inherited.',
  'hx-params': 'Change what is sent in a listener to htmx:config:request.',
  'hx-request': 'It is called hx-config now.',
  'hx-sse': 'Use hx-sse:connect="/url".',
  'hx-vars': 'Use hx-vals.',
  'hx-ws': 'Use hx-ws:connect="/url".',
}

/** Attributes of HTML whose value is one or more ids. */
const IDS =
  /^(?:for|form|list|aria-(?:activedescendant|controls|describedby|details|errormessage|flowto|labelledby|owns))$/
/** Attributes of htmx whose value may begin with `#id`. */
const SELECTORS = /^hx-(?:target|include|indicator|disable|select|sync|status:.+)$/

/**
 * Reads what some tags ask for.
 *
 * In      `version` 2 lets pass what only htmx 4 has dropped.
 */
export function usesOf(tags: readonly Tag[], version: 2 | 4 = 4): MarkupUses {
  const requests: RequestUse[] = []
  const meant: IdUse[] = []
  const ids: string[] = []
  const events: EventUse[] = []
  const wrong: WrongUse[] = []
  /** The method of the form that is open, as it is written. */
  let form: string | undefined
  for (const tag of tags) {
    if (tag.name === 'form') form = tag.ends ? undefined : (valueOf(tag, 'method') ?? 'get')
    for (const attribute of tag.ends ? [] : tag.attributes) read(tag, attribute)
  }
  const answers = version === 4 ? answerPlaces(tags) : []
  return { requests, meant, ids, events, wrong, answers, handsTargetOn: handsTargetOn(tags) }

  function read(tag: Tag, { name: attribute, value, at }: Attribute): void {
    const use = { attribute, at }
    const name = attribute.replace(/^data-(?=hx-)/, '').replace(/(?::inherited|:append)+$/, '')
    const request = (method: string | undefined): void => {
      if (method !== undefined && !isDynamic(method) && !/^dialog$/i.test(method))
        requests.push({ ...use, method: method.toUpperCase(), url: value })
    }
    if (name === 'id') ids.push(value)
    else if (name === 'action' && tag.name === 'form') request(form)
    else if (name === 'formaction') request(valueOf(tag, 'formmethod') ?? form)
    else if (name === 'sse-connect' || name === 'hx-sse:connect') request('get')
    else if (name === 'hx-action') request(valueOf(tag, 'hx-method') ?? 'get')
    else if (METHODS.some((method) => name === `hx-${method}`)) request(name.slice(3))
    if (isDynamic(value)) return wrongAttribute(name, value, use)

    if (IDS.test(name))
      for (const id of value.split(/\s+/).filter(Boolean)) meant.push({ ...use, id })
    const selector = SELECTORS.test(name) ? selectorIn(name, value) : undefined
    const oob = name === 'hx-swap-oob' ? value.slice(value.indexOf(':') + 1) : undefined
    const id = /^#([\w-]+)/.exec(selector ?? oob ?? '')?.[1]
    if (id !== undefined) meant.push({ ...use, id })
    const goesById = name === 'hx-swap-oob' && !value.includes(':')
    if (
      goesById &&
      !tag.attributes.some((each) => each.name === 'id' || each.name.includes(HOLE))
    ) {
      const hint = 'Give it the id of the element that it replaces, or say where: beforeend:#list.'
      wrong.push({ ...use, message: 'this element has no id, so hx-swap-oob leads nowhere.', hint })
    }
    for (const event of eventsIn(name, value)) events.push({ ...use, event })
    wrongAttribute(name, value, use)
  }

  function wrongAttribute(name: string, value: string, use: Use): void {
    if (version === 2 && (DROPPED[name] || name === 'hx-disable')) return
    const told = (message: string, hint: string): void => {
      wrong.push({ ...use, message, hint })
    }
    if (DROPPED[name]) told(`htmx 4 does not read ${name}.`, DROPPED[name])
    else if (name === 'hx-disable' && value === '')
      told(
        'hx-disable names the elements that wait for the answer, and it is empty.',
        'To keep htmx out, write hx-ignore.',
      )
    else if (
      /^hx[-_:]/.test(name) &&
      !name.includes(HOLE) &&
      !KNOWN.includes(name) &&
      !FAMILIES.test(name)
    ) {
      const near = nearest(name, KNOWN)
      told(`htmx has no attribute ${name}.`, near ? `Did you mean ${near}?` : 'Leave it out.')
    }
  }
}

function isDynamic(value: string): boolean {
  return value.includes(HOLE) || value.includes(SEAM)
}

function valueOf(tag: Tag, name: string): string | undefined {
  return tag.attributes.find((each) => each.name === name)?.value
}

/** The selector in a value: behind the words that htmx puts before one. */
function selectorIn(name: string, value: string): string {
  const spec = name.startsWith('hx-status:') ? (/target:\s*(\S+)/.exec(value)?.[1] ?? '') : value
  return spec.replace(/^(?:closest|find|next|previous|inherit,)\s+/, '')
}

/** The events of a stream that an attribute waits for. */
function eventsIn(name: string, value: string): string[] {
  if (name === 'sse-swap') return value.split(',').map((event) => event.trim())
  if (name === 'sse-close' || name === 'hx-sse:close') return [value.trim()]
  if (name !== 'hx-trigger') return []
  return Array.from(value.matchAll(/(?:^|,)\s*sse:([^\s,[]+)/g), ([, event]) => event!)
}
