import { escapeHtml } from '../../shared/escape-html.ts'
import { isSafeUrl } from '../../shared/safe-url.ts'
import { safeHtml } from './safe-html.ts'

const UNITS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const
const ATTRIBUTE = /^[a-z_:@][\w:.@-]*$/i

/** Filters for addresses, times, numbers and attributes, which every template has. */
export const FILTERS: Readonly<Record<string, (...values: any[]) => unknown>> = {
  /** `<a href="{{ link | url }}">`: the address when it only leads somewhere, else `#`. */
  url(value: unknown): string {
    const url = String(value ?? '')
    return isSafeUrl(url) ? url : '#'
  },

  /** `{{ "/docs?q=tea" | qs(page=2, q=none) }}`: an address with other parameters; nothing takes one away. */
  qs(value: unknown, changes: Readonly<Record<string, unknown>> = {}): string {
    const [, path, query, hash] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(String(value ?? ''))!
    const parameters = new URLSearchParams(query)
    for (const [name, change] of Object.entries(changes)) {
      if (name === '__keywords') continue
      parameters.delete(name)
      for (const item of Array.isArray(change) ? change : [change])
        if (item !== undefined && item !== null) parameters.append(name, String(item))
    }
    return `${path}${parameters.size > 0 ? '?' : ''}${parameters}${hash ?? ''}`
  },

  /** `{{ note.at | timeago }}`, `{{ note.at | timeago("de") }}`: how long ago that was, or how soon it will be. */
  timeago(value: unknown, locale: string = 'en'): string {
    const at = value instanceof Date ? value : new Date(value as string | number)
    const seconds = (at.getTime() - Date.now()) / 1_000
    if (value === null || Number.isNaN(seconds)) return ''
    const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
    const [unit, size] = UNITS.find(([, least]) => Math.abs(seconds) >= least) ?? ['second', 1]
    return words.format(Math.trunc(seconds / size), unit)
  },

  /** `{{ n }} note{{ n | pluralize }}`, `{{ n }} {{ n | pluralize("child", "children") }}`. */
  pluralize(value: unknown, one: string = '', many: string = 's'): string {
    const count = Array.isArray(value) ? value.length : Number(value)
    return count === 1 ? one : many
  },

  /** `<input {{ { required: true, title: hint } | attributes }}>`: those that are neither nothing nor false, escaped. */
  attributes(value: Readonly<Record<string, unknown>> = {}): unknown {
    const shown = Object.entries(value).filter(
      ([name, each]) =>
        name !== '__keywords' && each !== false && each !== null && each !== undefined,
    )
    const spelt = shown.map(([name, each]) => {
      if (!ATTRIBUTE.test(name)) throw new TypeError(`${JSON.stringify(name)} is no attribute.`)
      return each === true ? name : `${name}="${escapeHtml(String(each))}"`
    })
    return safeHtml(spelt.join(' '))
  },
}
