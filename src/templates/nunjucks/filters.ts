import type { Markdown } from '../../markdown/markdown.ts'
import { escapeHtml, isSafeUrl } from '../../shared/escape-html.ts'
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

  /** `<input {{ { required: true, title: hint } | attributes }}>`: those that have a value, escaped. */
  attributes(value: Readonly<Record<string, unknown>> = {}): unknown {
    const written = Object.entries(value).flatMap(([name, each]) => {
      if (name === '__keywords' || each === false || each === null || each === undefined) return []
      if (!ATTRIBUTE.test(name)) throw new TypeError(`${JSON.stringify(name)} is no attribute.`)
      return each === true ? name : `${name}="${escapeHtml(String(each))}"`
    })
    return safeHtml(written.join(' '))
  },
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
