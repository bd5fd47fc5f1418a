/** A source of numbers from 0 to 1 that is the same for the same seed. */
export type Random = () => number

/** Mulberry32, by Tommy Ettinger: small, and good enough to choose among a few things. */
export function randomFrom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!
}

const TAGS =
  'p div span b i a li ul ol dl dt dd table tbody thead tr td th caption colgroup col select option optgroup h1 h2 h3 section article button form details summary pre textarea svg rect g foreignObject title desc math mi mo mtext mrow br img input hr ruby rt rp template em strong code blockquote x-y label small center font nobr object figure figcaption script style linearGradient circle path datalist'.split(
    ' ',
  )
const SCRAPS = ['x', ' ', '\n', 'a &amp; b', 'tail', '&lt;', '&am', 'p;', '😀', '<', '< ']

const ATTRIBUTES = [' class="a b"', ' title=a"b', '/x', " a='>'", ' y=1/', ' a=b c', ' = "']
const COMMENTS = ['<!-- c -->', '<!-- c -->', '<!-->', '<!----!>', '<!x>', '</ y>']

/** Tags in any order, as a monkey would type them: some of it a parser takes as it is, most of it it repairs. */
export function monkeyHtml(random: Random, length: number): string {
  const own = Array.from({ length: 6 }, () => pick(random, TAGS))
  const isTidy = random() < 0.7
  const open: string[] = []
  let html = ''
  for (let n = 0; n < length; n++) {
    const what = random()
    if (what < 0.4) {
      const tag = pick(random, own)
      html += `<${tag}${random() < 0.1 ? pick(random, ATTRIBUTES) : ''}${random() < 0.05 ? '/' : ''}>`
      open.push(tag)
    } else if (what < 0.75) {
      const tag = (isTidy || random() < 0.85) && open.length > 0 ? open.pop()! : pick(random, own)
      html += `</${tag}${random() < 0.02 ? ' x' : ''}>`
    } else html += what < 0.95 ? pick(random, SCRAPS) : pick(random, COMMENTS)
  }
  if (random() < 0.8) while (open.length > 0) html += `</${open.pop()}>`
  return html
}

/** An element of a block that changes from one render to the next. */
interface Part {
  readonly tag: string
  attributes: string
  children: (Part | string)[]
}

const FLOW =
  'p div span b i ul section article details h2 pre em table svg select blockquote button'.split(
    ' ',
  )
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  ul: ['li'],
  table: ['tbody', 'tr'],
  tbody: ['tr'],
  tr: ['td', 'th'],
  select: ['option'],
  svg: ['rect', 'g', 'text'],
  g: ['rect', 'g'],
  rect: [],
  text: [],
  option: [],
  h2: ['span', 'b'],
  p: ['span', 'b', 'em', 'br'],
  span: ['b', 'em', 'br', 'i'],
  b: ['i'],
  i: ['em'],
  em: ['span'],
  button: ['span'],
  pre: ['span', 'b'],
}
const TEXTS = [
  'x',
  ' ',
  '\n',
  '\n  ',
  'Hello world ',
  'a &amp; b',
  '&lt;tag',
  '1',
  '…',
  '😀',
  'é',
  '&a',
  'mp;',
  'some longer text that goes on and on for a while, until it is long enough to count ',
]
const BLANK_ONLY = /^(?:table|tbody|tr|select|ul)$/

/** A block that is rendered again and again, each time with a few changes of any kind. */
export class ChangingBlock {
  readonly #random: Random
  readonly #root: Part = { tag: '#', attributes: '', children: [] }

  constructor(random: Random) {
    this.#random = random
    const count = 1 + Math.floor(random() * 2)
    for (let n = 0; n < count; n++) this.#root.children.push(this.#child('div', 0))
  }

  render(): string {
    return this.#root.children.map(written).join('')
  }

  change(): void {
    const times = 1 + this.#random() * 2
    for (let n = 0; n < times; n++) this.#mutate(this.#root, 0)
  }

  #mutate(part: Part, depth: number): void {
    const random = this.#random
    const { tag, children } = part
    const inner = children.filter(
      (child): child is Part => typeof child !== 'string' && child.tag !== 'br',
    )
    if (inner.length > 0 && random() < 0.7)
      return this.#mutate(random() < 0.6 ? inner.at(-1)! : pick(random, inner), depth + 1)
    const text = children.findLastIndex(
      (child) => typeof child === 'string' && !child.startsWith('<!'),
    )
    const what = random()
    const at = Math.floor(random() * (children.length + 1))
    if (what < 0.3) children.push(this.#child(tag, depth))
    else if (what < 0.6 && text >= 0 && !BLANK_ONLY.test(tag)) {
      const old = children[text] as string
      const cut = what < 0.45 ? old.length : Math.floor(random() * old.length)
      children[text] = old.slice(0, cut) + pick(random, TEXTS) + old.slice(cut)
    } else if (what < 0.7) children.splice(at, 0, this.#child(tag, depth))
    else if (what < 0.78) children.splice(at, 1)
    else if (what < 0.9) part.attributes = random() < 0.5 ? ` data-n="${at}"` : ''
    else if (at < children.length) children[at] = this.#child(tag, depth)
  }

  #child(parent: string, depth: number): Part | string {
    const random = this.#random
    const tags = CHILDREN[parent] ?? FLOW
    if (tags.length === 0 || random() < 0.5)
      return BLANK_ONLY.test(parent) ? pick(random, ['\n', ' ', '\n  ']) : pick(random, TEXTS)
    if (random() < 0.03) return `<!-- ${pick(random, ['1', '2'])} -->`
    const tag = pick(random, tags)
    const attributes = random() < 0.2 ? ` class="${pick(random, ['a', 'b', 'c'])}"` : ''
    const count = tag === 'br' ? 0 : depth > 3 ? 1 : Math.floor(random() * 4)
    const children = Array.from({ length: count }, () => this.#child(tag, depth + 1))
    return { tag, attributes, children }
  }
}

function written(part: Part | string): string {
  if (typeof part === 'string') return part
  const { tag, attributes, children } = part
  const end = tag === 'br' ? '' : `</${tag}>`
  return `<${tag}${attributes}>${children.map(written).join('')}${end}`
}
