/** The elements of HTML in groups, as the rules of its parser need them. */
type Names = ReadonlySet<string>

function names(list: string): Names {
  return new Set(list.split(' '))
}

/** Some names → others, for several keys at once. */
function table(rows: Readonly<Record<string, string>>): Readonly<Record<string, Names>> {
  const entries = Object.entries(rows).flatMap(([keys, list]) =>
    keys.split(' ').map((key) => [key, names(list)] as const),
  )
  return Object.fromEntries(entries)
}

/** Elements without content. */
export const VOID: Names = names('area br col embed hr img input link meta source track wbr')

/** Elements whose content is text for the tokenizer, up to their end tag. */
export const RAW: Names = names('iframe script style textarea')

/** Start tags that close an open paragraph. */
export const BLOCK: Names = names(
  'address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre search section summary table ul',
)

export const HEADING: Names = names('h1 h2 h3 h4 h5 h6')

/** A parser opens these again behind a parent that ends before them. */
export const FORMATTING: Names = names('a b big code em font i s small strike strong tt u')

/** Elements that a parser moves, drops, renames or reads in its own way, or that htmx takes out. */
export const STRANGE: Names = names(
  'annotation-xml applet base basefont bgsound body frame frameset head html image isindex keygen listing marquee ' +
    'nobr noembed noframes noscript param plaintext rb rtc selectedcontent title xmp',
)

/** Elements that their parent's end tag closes. */
export const CLOSED_BY_PARENT: Names = names(
  'colgroup dd dt li optgroup option p rp rt tbody td tfoot th thead tr',
)

/** Which open element a start tag closes. */
export const CLOSED_BY: Readonly<Record<string, Names>> = table({
  'dd dt': 'dd dt',
  li: 'li',
  optgroup: 'optgroup option',
  option: 'option',
  'rp rt': 'rp rt',
  'tbody tfoot': 'colgroup tbody td tfoot th thead tr',
  'td th': 'td th',
  thead: 'colgroup tbody td tfoot th thead tr',
  tr: 'colgroup td th tr',
})

/** Elements that hold nothing but these, and blanks. */
export const HOLDS: Readonly<Record<string, Names>> = table({
  colgroup: 'col template',
  optgroup: 'option',
  'option textarea': '',
  select: ' optgroup option',
  table: 'caption colgroup tbody template tfoot thead',
  'tbody tfoot thead': 'template tr',
  tr: 'td template th',
})

/** Where a parser keeps an element, where it does not keep it everywhere; `#` is the top. */
export const PARENTS: Readonly<Record<string, Names>> = table({
  'caption colgroup tbody tfoot thead': '# table',
  col: '# colgroup',
  optgroup: 'select',
  option: '# datalist optgroup select',
  'rp rt': 'ruby',
  'td th': '# tr',
  tr: '# tbody tfoot thead',
})

/** Elements that bound what an end tag or an open paragraph can reach. */
export const MARKERS: Names = names('# caption object table td template th')

/** Elements whose inside may be unknown while what stands around them is known. */
export const CONTAINERS: Names = names(
  'article aside blockquote details div figure footer header main nav section',
)

/** Start tags that end SVG and MathML. */
export const BREAKS_OUT: Names = names(
  'b big blockquote body br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 head hr i img li listing menu ' +
    'meta nobr ol p pre ruby s script small span strong strike sub sup table tt u ul var',
)

/** Elements of SVG and MathML in which HTML stands. */
export const HOLDS_HTML: Readonly<Record<'svg' | 'math' | 'html', Names>> = {
  html: names(''),
  svg: names('desc foreignobject title'),
  math: names('mi mn mo ms mtext'),
}

/** Tags that reach further than the element in which they stand. */
export const FAR: Names = new Set([
  ...FORMATTING,
  ...STRANGE,
  ...RAW,
  ...Object.keys(PARENTS),
  ...Object.keys(HOLDS),
  ...names('button form math object ruby svg template'),
])

/** Tags that reach far, but not beyond the template in which they stand. */
export const ENDS_IN_TEMPLATE: Names = new Set(
  [...FORMATTING, ...Object.keys(PARENTS), ...Object.keys(HOLDS)].filter((name) => !RAW.has(name)),
)

/** End tags that end those in their element that have no end tag of their own. */
export const CLOSES_WITHIN: Names = new Set([
  ...BLOCK,
  ...Object.keys(HOLDS),
  ...Object.keys(PARENTS),
  ...names('button datalist object ruby'),
])

/** Elements that stand in SVG or in MathML only. */
const PARTS_OF: Readonly<Record<'svg' | 'math', Names>> = {
  svg: names(
    'animate animatemotion animatetransform circle clippath defs desc ellipse feblend fecolormatrix ' +
      'fecomponenttransfer fecomposite feconvolvematrix fediffuselighting fedisplacementmap fedistantlight ' +
      'fedropshadow feflood fefunca fefuncb fefuncg fefuncr fegaussianblur feimage femerge femergenode femorphology ' +
      'feoffset fepointlight fespecularlighting fespotlight fetile feturbulence filter foreignobject g image line ' +
      'lineargradient marker mask metadata mpath path pattern polygon polyline radialgradient rect set stop switch ' +
      'symbol text textpath tspan use view',
  ),
  math: names(
    'annotation annotation-xml maction menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom ' +
      'mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics',
  ),
}

/** The space of an element by its name alone. */
export function spaceOfName(name: string): 'svg' | 'math' | 'html' {
  if (PARTS_OF.svg.has(name)) return 'svg'
  return PARTS_OF.math.has(name) ? 'math' : 'html'
}

const SVG_NAMES = new Map(
  (
    'altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix ' +
    'feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight ' +
    'feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology ' +
    'feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef ' +
    'linearGradient radialGradient textPath'
  )
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
)

/** The name of an SVG element in the DOM, from its name in lower case. */
export function svgName(name: string): string {
  return SVG_NAMES.get(name) ?? name
}
