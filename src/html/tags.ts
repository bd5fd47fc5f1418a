function names(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

/** Elements without content. */
export const VOID: ReadonlySet<string> = names(
  'area br col embed hr img input link meta source track wbr',
)

/** Elements whose content is text for the tokenizer, up to their end tag. */
export const RAW: ReadonlySet<string> = names('iframe script style textarea')

/** Start tags that close an open paragraph. */
export const BLOCK: ReadonlySet<string> = names(
  'address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre search section summary table ul',
)

export const HEADING: ReadonlySet<string> = names('h1 h2 h3 h4 h5 h6')

/** A parser opens these again behind a parent that ends before them. */
export const FORMATTING: ReadonlySet<string> = names(
  'a b big code em font i s small strike strong tt u',
)

/** Elements that a parser moves, drops, renames or reads in its own way, or that htmx takes out. */
export const STRANGE: ReadonlySet<string> = names(
  'annotation-xml applet base basefont bgsound body frame frameset head html image isindex keygen listing marquee ' +
    'nobr noembed noframes noscript param plaintext rb rtc selectedcontent title xmp',
)

/** Elements that their parent's end tag closes. */
export const CLOSED_BY_PARENT: ReadonlySet<string> = names(
  'colgroup dd dt li optgroup option p rp rt tbody td tfoot th thead tr',
)

/** Which open element a start tag closes. */
export const CLOSED_BY: Readonly<Record<string, ReadonlySet<string>>> = {
  dd: names('dd dt'),
  dt: names('dd dt'),
  li: names('li'),
  optgroup: names('optgroup option'),
  option: names('option'),
  rp: names('rp rt'),
  rt: names('rp rt'),
  tbody: names('colgroup tbody td tfoot th thead tr'),
  td: names('td th'),
  tfoot: names('colgroup tbody td tfoot th thead tr'),
  th: names('td th'),
  thead: names('colgroup tbody td tfoot th thead tr'),
  tr: names('colgroup td th tr'),
}

/** What holds nothing but these, and blanks. */
export const HOLDS: Readonly<Record<string, ReadonlySet<string>>> = {
  colgroup: names('col template'),
  optgroup: names('option'),
  option: names(''),
  select: names(' optgroup option'),
  table: names('caption colgroup tbody template tfoot thead'),
  tbody: names('template tr'),
  textarea: names(''),
  tfoot: names('template tr'),
  thead: names('template tr'),
  tr: names('td template th'),
}

/** Where a parser keeps an element, where it does not keep it everywhere; `#` is the top. */
export const PARENTS: Readonly<Record<string, ReadonlySet<string>>> = {
  caption: names('# table'),
  col: names('# colgroup'),
  colgroup: names('# table'),
  optgroup: names('select'),
  option: names('# datalist optgroup select'),
  rp: names('ruby'),
  rt: names('ruby'),
  tbody: names('# table'),
  td: names('# tr'),
  tfoot: names('# table'),
  th: names('# tr'),
  thead: names('# table'),
  tr: names('# tbody tfoot thead'),
}

/** Elements that bound what an end tag or an open paragraph can reach. */
export const MARKERS: ReadonlySet<string> = names('# caption object table td template th')

/** Elements whose inside may be unknown while what stands around them is known. */
export const CONTAINERS: ReadonlySet<string> = names(
  'article aside blockquote details div figure footer header main nav section',
)

/** Start tags that end SVG and MathML. */
export const BREAKS_OUT: ReadonlySet<string> = names(
  'b big blockquote body br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 head hr i img li listing menu ' +
    'meta nobr ol p pre ruby s script small span strong strike sub sup table tt u ul var',
)

/** Elements of SVG and MathML in which HTML stands. */
export const HOLDS_HTML: Readonly<Record<'svg' | 'math' | 'html', ReadonlySet<string>>> = {
  html: names(''),
  svg: names('desc foreignobject title'),
  math: names('mi mn mo ms mtext'),
}

/** SVG names as the DOM has them. */
const SVG_NAMES = new Map(
  (
    'altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix ' +
    'feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow ' +
    'feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset ' +
    'fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef linearGradient ' +
    'radialGradient textPath'
  )
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
)

/** The name of an SVG element in the DOM, from its name in lower case. */
export function svgName(name: string): string {
  return SVG_NAMES.get(name) ?? name
}
