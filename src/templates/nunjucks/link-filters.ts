import { isSafeUrl } from '../../base/safe-url.ts'

/** Filters for addresses, which every template has: what users write may be a link, and a link may be a script. */
export const LINK_FILTERS: Readonly<Record<string, (...values: any[]) => unknown>> = {
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
}
