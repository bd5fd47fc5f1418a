import type { Markdown } from '../../markdown/markdown.ts'
import { didYouMean } from '../../shared/errors.ts'
import { escapeHtml, isSafeUrl } from '../../shared/escape-html.ts'
import { kindOf } from '../../shared/hooks.ts'
import type { Texts } from '../../shared/texts.ts'
import type { BlockContext } from './context.ts'
import { SafeString } from './internals.ts'

/** Text that is already HTML: autoescape lets it through as it is. */
export interface SafeHtml {
  readonly length: number
  toString(): string
}

/**
 * Marks text as finished HTML, so that a filter or a global may return markup under autoescape.
 *
 * The caller vouches for it: never mark what a user or a model wrote, unless it went through a sanitizer.
 *
 * @example
 * const badge = (name: string) => safeHtml(`<b class="badge">${escapeHtml(name)}</b>`)
 * nunjucksEngine({ templates: 'templates', filters: { badge } })
 */
export function safeHtml(html: string): SafeHtml {
  return new SafeString(html) as SafeHtml
}

const UNITS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const
const ATTRIBUTE = /^[a-z_:@][\w:.@-]*$/i

type Filter = (this: BlockContext, ...values: any[]) => unknown

/** Filters for addresses, times, numbers and attributes, which every template has. */
export const FILTERS: Readonly<Record<string, Filter>> = {
  /** `<a href="{{ link | url }}">`: the address when it only leads somewhere, else `#`. */
  url(value: unknown): string {
    const url = String(value ?? '')
    return isSafeUrl(url) ? url : '#'
  },

  /** `{{ "/docs?q=tea" | qs(page=2, q=none) }}`: an address with other parameters; `none` takes one away. */
  qs(value: unknown, changes: Readonly<Record<string, unknown>> = {}): string {
    const [, path, query, hash] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(String(value ?? ''))!
    const parameters = new URLSearchParams(query)
    for (const [name, change] of Object.entries(changes)) {
      if (name === '__keywords') continue
      parameters.delete(name)
      for (const item of [change].flat())
        if (item !== undefined && item !== null) parameters.append(name, String(item))
    }
    return `${path}${parameters.size > 0 ? '?' : ''}${parameters}${hash ?? ''}`
  },

  /** `{{ note.at | timeago }}`, `{{ note.at | timeago("de") }}`: how long ago that was, or how soon it will be. */
  timeago(this: BlockContext | undefined, value: unknown, locale?: string): string {
    const at = value instanceof Date ? value : new Date(value as string | number)
    const seconds = (at.getTime() - Date.now()) / 1_000
    if (value === null || Number.isNaN(seconds)) return ''
    const texts = this?.env.globals['swapstreamTexts'] as Texts | undefined
    const words = new Intl.RelativeTimeFormat(locale ?? texts?.lang ?? 'en', { numeric: 'auto' })
    const [unit, size] = UNITS.find(([, least]) => Math.abs(seconds) >= least) ?? ['second', 1]
    return words.format(Math.trunc(seconds / size), unit)
  },

  /** `{{ n }} note{{ n | pluralize }}`, `{{ n }} {{ n | pluralize("child", "children") }}`. */
  pluralize(value: unknown, one: string = '', many: string = 's'): string {
    const count = Array.isArray(value) ? value.length : Number(value)
    return count === 1 ? one : many
  },

  /**
   * `<input {{ { required: true, title: hint } | attributes }}>`: those that have a value, escaped. More objects,
   * or named arguments, replace some: `{{ more | attributes(type=none) }}`.
   */
  attributes(...values: readonly Readonly<Record<string, unknown>>[]): unknown {
    const written = Object.entries(Object.assign({}, ...values)).flatMap(([name, each]) => {
      if (name === '__keywords' || each === false || each === null || each === undefined) return []
      if (!ATTRIBUTE.test(name)) throw new TypeError(`${JSON.stringify(name)} is no attribute.`)
      return each === true ? name : `${name}="${escapeHtml(String(each))}"`
    })
    return safeHtml(written.join(' '))
  },

  headOptions,
}

/** Options of `swapstream/head.html`. Each is replaced by a value, and left out by `false`. */
export interface HeadOptions {
  /** One address, or several in their order. Default: the style sheet of the kit. */
  readonly stylesheet?: string | readonly string[] | boolean
  /** An address, or an image as `data:image/…`. Default: three lines. */
  readonly icon?: string | boolean
  /** `light dark` where the page itself has dark colors. Default: none, so that a page keeps its own. */
  readonly colorScheme?: string | boolean
  /** Default: `width=device-width, initial-scale=1`. */
  readonly viewport?: string | boolean
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg stroke='%230b8f85' " +
  "stroke-width='2.4' stroke-linecap='round'%3E%3Cpath d='M2 4h12M2 8h9M2 12h5'/%3E%3C/g%3E%3C/svg%3E"

/** The options of a page over those of the app, over the defaults. An address that would run as a script is left out. */
function headOptions(this: BlockContext, own: unknown, assets: string): Record<string, unknown> {
  const values: Record<keyof HeadOptions, unknown> = {
    stylesheet: `${assets}/swapstream.css`,
    icon: ICON,
    colorScheme: 'light dark',
    viewport: 'width=device-width, initial-scale=1',
  }
  const defaults: typeof values = { ...values }
  values.colorScheme = false
  for (const options of [this.env.globals['swapstreamHead'], own]) {
    for (const [name, value] of Object.entries(namedOptions(options))) {
      if (!Object.hasOwn(defaults, name)) {
        const known = didYouMean(name, Object.keys(defaults))
        throw new TypeError(`swapstream/head.html has no option "${name}" ${known}.`)
      }
      const option = name as keyof HeadOptions
      if (value !== undefined && value !== null)
        values[option] = value === true ? defaults[option] : value
    }
  }
  const text = (name: keyof HeadOptions, value: unknown): string => {
    if (typeof value === 'string' || value instanceof SafeString) return String(value)
    const what = `The option "${name}" of swapstream/head.html is ${kindOf(value)}.`
    throw new TypeError(`${what} It takes a text, or false to leave it out.`)
  }
  const { stylesheet, icon, colorScheme, viewport } = values
  const address = icon ? text('icon', icon) : ''
  return {
    stylesheet: [stylesheet || []]
      .flat()
      .map((each) => text('stylesheet', each))
      .filter(isSafeUrl),
    // An image runs no script.
    icon: (isSafeUrl(address) || /^data:image\//i.test(address)) && address,
    colorScheme: colorScheme && text('colorScheme', colorScheme),
    viewport: viewport && text('viewport', viewport),
  }
}

function namedOptions(options: unknown): object {
  if (options === undefined || options === null) return {}
  if (['an Object', 'a bare object'].includes(kindOf(options))) return options
  throw new TypeError(
    `swapstreamHead is ${kindOf(options)}. It takes options, such as { stylesheet: "/app.css", icon: false }.`,
  )
}

/** A text that grows from one render of a block to the next. */
interface GrowingText {
  text: string
  readonly toHtml: (text: string) => string
}

/** Growing texts of one block; the one that was left alone longest is forgotten. */
const MAX_GROWING = 8

/**
 * The filter `markdown`.
 *
 * While `streaming` is true, the variable of `streamToFragments`, the text grows: what its end has begun is finished, and
 * only its last block is rendered anew. Otherwise the text is whole, and nothing but the text decides what comes out.
 */
export function markdownFilter(
  markdown: Markdown,
): (this: BlockContext, value: unknown) => SafeHtml {
  const growing = new WeakMap<BlockContext, GrowingText[]>()

  return function (value) {
    const text = value === undefined || value === null ? '' : String(value)
    if (this.lookup('streaming') !== true) {
      growing.delete(this)
      return safeHtml(markdown.render(text))
    }
    const texts = growing.get(this) ?? []
    const at = texts.findIndex(
      (each) => each.text !== '' && text.slice(0, each.text.length) === each.text,
    )
    const [one = { text, toHtml: markdown.open() }] = at < 0 ? [] : texts.splice(at, 1)
    one.text = text
    growing.set(this, [...texts, one].slice(-MAX_GROWING))
    return safeHtml(one.toHtml(text))
  }
}
