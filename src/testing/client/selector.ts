import { type DefaultTreeAdapterTypes, defaultTreeAdapter as tree, html } from 'parse5'

type Element = DefaultTreeAdapterTypes.Element
type ParentNode = DefaultTreeAdapterTypes.ParentNode

type Test = (element: Element) => boolean
/** The tests of one element, and how the element before it in the selector is reached from it. */
interface Step {
  readonly tests: readonly Test[]
  readonly combinator: ' ' | '>' | '+'
}

const NAME = String.raw`(?:\\[\da-fA-F]{1,6}\s?|\\[^]|[\w-]|[^\x00-\x7f])+`
/** What htmx reads before it asks the document. */
const EXTENDED =
  /^(?:closest|document|find|findAll|global|host|next|nextElementSibling|previous|previousElementSibling|root|this|window)(?:\s|$)|^</
const COMBINATOR = /\s*([>+])\s*|\s+/y
const SIMPLE = new RegExp(
  [
    `#(?<id>${NAME})`,
    String.raw`\.(?<class>${NAME})`,
    String.raw`\[(?<attribute>${NAME})(?:=(?:"(?<quoted>[^"]*)"|'(?<single>[^']*)'|(?<bare>${NAME})))?\]`,
    String.raw`:nth-of-type\((?<nth>\d+)\)`,
    String.raw`:(?<end>first|last)-of-type`,
    String.raw`:has\((?<has>[^()]*)\)`,
    String.raw`:not\(:has\((?<hasNot>[^()]*)\)\)`,
    String.raw`(?<all>\*)`,
    `(?<tag>${NAME})`,
  ].join('|'),
  'y',
)

/**
 * All elements that a selector means, in the order of the document; not those inside a template.
 *
 * In      a few simple selectors: `#id`, `.class`, `[attribute=value]`, tags, `*`, `:nth-of-type(n)`,
 *         `:first-of-type`, `:last-of-type`, `:has(…)`, `:not(:has(…))`; joined by blank, `>`, `+` and comma.
 * Throws  Error for any other selector.
 *
 * @example
 * const { parse } = await import('parse5')
 * select(parse('<p>a</p><p>b</p>'), 'body>p:nth-of-type(2)').length // → 1
 */
export function select(root: ParentNode, selector: string): Element[] {
  const found = new Set(
    selector.split(',').flatMap((part) => follow(root, stepsOf(part.trim(), selector))),
  )
  return found.size < 2 ? [...found] : elementsOf(root).filter((element) => found.has(element))
}

/** The elements below a node, in the order of the document; not those inside a template. */
export function elementsOf(parent: ParentNode): Element[] {
  const found: Element[] = []
  collect(parent, found)
  return found
}

function collect(parent: ParentNode, found: Element[]): void {
  for (const node of parent.childNodes) {
    if (!tree.isElementNode(node)) continue
    found.push(node)
    collect(node, found)
  }
}

/** The value of an attribute; nothing when the element has none of that name. */
export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value
}

/** From the left to the right: so an id at the beginning leaves little to look at. */
function follow(root: ParentNode, steps: readonly Step[]): Element[] {
  let from: ParentNode[] = [root]
  for (const { tests, combinator } of steps) {
    const reached = new Set(from.flatMap((parent) => reachedFrom(parent, combinator)))
    from = [...reached].filter((element) => tests.every((test) => test(element)))
  }
  return from as Element[]
}

function reachedFrom(parent: ParentNode, combinator: Step['combinator']): Element[] {
  if (combinator === ' ') return elementsOf(parent)
  if (combinator === '>') return parent.childNodes.filter(tree.isElementNode)
  const siblings = (parent as Element).parentNode!.childNodes.filter(tree.isElementNode)
  return siblings.slice(siblings.indexOf(parent as Element) + 1).slice(0, 1)
}

function stepsOf(part: string, selector: string): Step[] {
  const unknown = (): Error =>
    new Error(`The selector ${JSON.stringify(selector)} is not one that is known here.`)
  if (EXTENDED.test(part)) throw unknown()
  const steps: Step[] = []
  let combinator: Step['combinator'] = ' '
  for (let at = 0; at < part.length || steps.length === 0;) {
    const tests: Test[] = []
    for (;;) {
      SIMPLE.lastIndex = at
      const found = SIMPLE.exec(part)
      if (!found) break
      tests.push(testOf(found.groups!))
      at = SIMPLE.lastIndex
    }
    if (tests.length === 0) throw unknown()
    steps.push({ tests, combinator })
    if (at === part.length) break
    COMBINATOR.lastIndex = at
    const found = COMBINATOR.exec(part)
    if (!found || COMBINATOR.lastIndex === part.length) throw unknown()
    combinator = (found[1] as Step['combinator'] | undefined) ?? ' '
    at = COMBINATOR.lastIndex
  }
  return steps
}

function testOf(groups: Readonly<Record<string, string | undefined>>): Test {
  const name = (key: string): string | undefined => groups[key] && unescaped(groups[key])
  const id = name('id')
  if (id !== undefined) return (element) => attribute(element, 'id') === id
  const className = name('class')
  if (className !== undefined)
    return (element) => !!attribute(element, 'class')?.split(/\s+/).includes(className)
  const wanted = name('attribute')
  if (wanted !== undefined) {
    const value = groups['quoted'] ?? groups['single'] ?? name('bare')
    return (element) => {
      const own = attribute(element, wanted)
      return own !== undefined && (value === undefined || own === value)
    }
  }
  if (groups['nth'] !== undefined)
    return (element) => sameType(element).indexOf(element) === Number(groups['nth']) - 1
  if (groups['end'] !== undefined)
    return (element) => sameType(element).at(groups['end'] === 'last' ? -1 : 0) === element
  const { has, hasNot } = groups
  if (has !== undefined) return (element) => holds(element, has)
  if (hasNot !== undefined) return (element) => !holds(element, hasNot)
  const tag = name('tag')
  if (tag === undefined) return () => true
  // Names are compared without case in HTML only: `linearGradient` is not `lineargradient`.
  return (element) =>
    element.tagName === (element.namespaceURI === html.NS.HTML ? tag.toLowerCase() : tag)
}

/** Whether an element has another one inside it, or `+` behind it. */
function holds(element: Element, selector: string): boolean {
  if (!selector.startsWith('+')) return select(element, selector).length > 0
  const [{ tests }] = stepsOf(selector.slice(1), selector) as [Step]
  return reachedFrom(element, '+').some((next) => tests.every((test) => test(next)))
}

function sameType(element: Element): Element[] {
  return element
    .parentNode!.childNodes.filter(tree.isElementNode)
    .filter(
      ({ tagName, namespaceURI }) =>
        tagName === element.tagName && namespaceURI === element.namespaceURI,
    )
}

function unescaped(name: string): string {
  return name.replace(/\\(?:([\da-fA-F]{1,6})\s?|([^]))/g, (_, hex: string, plain: string) =>
    hex === undefined ? plain : String.fromCodePoint(Number.parseInt(hex, 16)),
  )
}
