const PAIR =
  /(?:"([^"]+)"|'([^']+)'|([^\s,:]+))(?:\s*:\s*(?:"([^"]*)"|'([^']*)'|<((?:[^/]|\/(?!>))+)\/>|([^\s,]+)))?(?=\s|,|$)/g
const ALIASES: Readonly<Record<string, string>> = {
  after: 'afterend',
  append: 'beforeend',
  before: 'beforebegin',
  prepend: 'afterbegin',
}

/** How htmx 4 reads what `hx-swap` says. */
export interface SwapSpec {
  readonly style: string
  readonly target: string | undefined
  /** Whether the first element of the content is only the envelope of what is inside; nothing where that is not said. */
  readonly strip: boolean | undefined
}

/**
 * Reads a swap and its modifiers as htmx 4 does.
 *
 * @example parseSwap('outerMorph strip:true target:#a>p').target // → '#a>p'
 * @example parseSwap('append').style // → 'beforeend'
 */
export function parseSwap(text: string): SwapSpec {
  const [, style = 'innerHTML', rest = text] =
    (/^\S*:/.test(text.trim()) ? null : /^(\S+)\s*(.*)$/.exec(text.trim())) ?? []
  const pairs = new Map<string, string>()
  for (const [, quoted, single, bare, ...values] of rest.matchAll(PAIR))
    pairs.set(
      (quoted ?? single ?? bare)!,
      (values.find((each) => each !== undefined) ?? 'true').trim(),
    )
  const strip = pairs.get('strip')
  return {
    style: ALIASES[style] ?? style,
    target: pairs.get('target'),
    strip: strip === undefined ? undefined : strip !== 'false',
  }
}
