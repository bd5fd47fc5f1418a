import fc from 'fast-check'

/**
 * Random families of templates: a leaf, its parents, a catalog of macros, includes.
 *
 * Each block prints its name around its body, so that its text can be found in the page. What is not generated, because
 * nunjucks lets it leak out of a block into what follows: see docs/decisions/002-a-frame-is-the-difference-of-two-renders.md.
 */
export interface Family {
  readonly templates: Record<string, string>
  readonly context: Record<string, unknown>
  readonly autoescape: boolean
}

type Statement =
  | { kind: 'text'; text: string }
  | { kind: 'out'; value: string }
  | { kind: 'later'; value: string; into: string | undefined }
  | { kind: 'set'; name: string; value: string }
  | { kind: 'capture'; name: string; body: Statement[] }
  | { kind: 'if'; condition: string; body: Statement[]; otherwise: Statement[] }
  | { kind: 'for'; list: string; body: Statement[]; otherwise: Statement[] }
  | { kind: 'switch'; value: string; cases: Statement[][]; otherwise: Statement[] }
  | { kind: 'macro'; name: string; fallback: string; body: Statement[] }
  | { kind: 'call'; name: string; value: string; body: Statement[] }
  | { kind: 'import'; form: number }
  | { kind: 'include'; name: string }
  | { kind: 'filter'; body: Statement[] }
  | { kind: 'block'; name: string; body: Statement[]; parent: boolean }

const VARIABLES = ['a', 'b', 'c', 'n']
const BLOCKS = ['p', 'q', 'r', 's']
const MACROS = ['m', 'k']
const LIBRARY =
  '{% set prefix = "~" %}{% macro wrap(x, y="d") %}({{ prefix }}{{ x }}{{ y }}{{ a }}){% endmacro %}' +
  '{% macro box() %}<{{ caller() if caller else "" }}>{% endmacro %}'

const variable = fc.constantFrom(...VARIABLES)
const value: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom('"x<"', '1', '2', '""', 'none', 'true'),
    variable,
    fc.tuple(tie('value'), tie('value')).map(([l, r]) => `(${l} ~ ${r})`),
    fc.tuple(tie('value'), tie('value')).map(([l, r]) => `(${l} or ${r})`),
    fc.tuple(tie('value'), tie('value')).map(([l, r]) => `(${l} and ${r})`),
    fc.tuple(variable, tie('value')).map(([l, r]) => `(${l} if ${r} else "e")`),
    fc
      .tuple(variable, fc.constantFrom('dump', 'default("dd")', 'length', 'safe'))
      .map(([l, f]) => `(${l} | ${f})`),
    fc
      .tuple(variable, fc.constantFrom('defined', 'string', 'number'))
      .map(([l, t]) => `(${l} is ${t})`),
    fc
      .tuple(fc.constantFrom(...MACROS), tie('value'))
      .map(([m, v]) => `(${m}(${v}) if ${m} else "-")`),
    tie('value').map((v) => `(lib.wrap(${v}, y=2) if lib else "-")`),
    tie('value').map((v) => `(w(${v}) if w else "-")`),
    fc.constantFrom('i', 'loop.index', 'glob', 'item.name', 'xs[0]', 'item["name"]'),
  ),
})).value

const statements = (inBlock: boolean, depth: number): fc.Arbitrary<Statement[]> =>
  fc.array(statement(inBlock, depth), { maxLength: depth > 1 ? 5 : 3 })

function statement(inBlock: boolean, depth: number): fc.Arbitrary<Statement> {
  const simple: fc.WeightedArbitrary<Statement>[] = [
    {
      weight: 2,
      arbitrary: fc.constantFrom('t', 'u').map((text): Statement => ({ kind: 'text', text })),
    },
    { weight: 5, arbitrary: value.map((each): Statement => ({ kind: 'out', value: each })) },
    {
      weight: 5,
      arbitrary: fc
        .tuple(variable, value)
        .map(([name, each]): Statement => ({ kind: 'set', name, value: each })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('inc1', 'inc2')
        .map((name): Statement => ({ kind: 'include', name })),
    },
    { weight: 1, arbitrary: fc.nat(3).map((form): Statement => ({ kind: 'import', form })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(variable, fc.option(variable, { nil: undefined }))
        .map(([name, into]): Statement => ({ kind: 'later', value: name, into })),
    },
  ]
  if (depth <= 0) return fc.oneof(...simple)
  const inner = statements(inBlock, depth - 1)
  return fc.oneof(
    ...simple,
    {
      weight: 5,
      arbitrary: blockOf(depth - 1),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(value, inner, inner).map(([condition, body, otherwise]): Statement => ({
        kind: 'if',
        condition,
        body,
        otherwise,
      })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('[7]', 'xs', '[]', 'range(0, 2)'), inner, inner)
        .map(([list, body, otherwise]): Statement => ({ kind: 'for', list, body, otherwise })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(value, fc.array(inner, { minLength: 1, maxLength: 2 }), inner)
        .map(([each, cases, otherwise]): Statement => ({
          kind: 'switch',
          value: each,
          cases,
          otherwise,
        })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...MACROS), value, statements(true, 0))
        .map(([name, fallback, body]): Statement => ({ kind: 'macro', name, fallback, body })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('lib.box', 'm'), value, statements(true, 0))
        .map(([name, each, body]): Statement => ({ kind: 'call', name, value: each, body })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(variable, inner)
        .map(([name, body]): Statement => ({ kind: 'capture', name, body })),
    },
    { weight: 1, arbitrary: inner.map((body): Statement => ({ kind: 'filter', body })) },
  )
}

function blockOf(depth: number): fc.Arbitrary<Statement> {
  return fc
    .tuple(fc.constantFrom(...BLOCKS), statements(true, depth), fc.boolean())
    .map(([name, body, parent]): Statement => ({ kind: 'block', name, body, parent }))
}

/** Where a statement is printed: what leaks out of blocks in nunjucks is printed under a name of the block's own. */
interface Place {
  readonly used: Set<string>
  readonly block: string | undefined
  readonly inLoop: boolean
  /** In a body where nunjucks itself breaks on blocks, imports and includes. */
  readonly plain: boolean
  /** The block around has a parent's version: nunjucks takes a `super()` in here for that one. */
  readonly outer: boolean
  /** Blocks that a parent has. */
  readonly parents: ReadonlySet<string>
}

function print(list: readonly Statement[], at: Place): string {
  return list.map((each) => printOne(each, at)).join('')
}

function printOne(each: Statement, at: Place): string {
  const own = (name: string): string => (at.block === undefined ? name : `${name}_${at.block}`)
  const plain: Place = { ...at, plain: true }
  switch (each.kind) {
    case 'text':
      return each.text
    case 'out':
      return `{{ ${each.value} }}`
    case 'later': {
      // Where nunjucks would lose an async filter, it is left out: such templates are refused.
      const later = at.plain ? each.value : `${each.value} | later`
      if (each.into === undefined) return `{{ ${later} }}`
      return `{% set ${at.inLoop && at.block ? own(each.into) : each.into} = ${later} %}`
    }
    case 'set':
      return `{% set ${at.inLoop && at.block ? own(each.name) : each.name} = ${each.value} %}`
    case 'capture':
      return `{% set ${at.inLoop && at.block ? own(each.name) : each.name} %}${print(each.body, plain)}{% endset %}`
    case 'if':
      return `{% if ${each.condition} %}${print(each.body, at)}{% else %}${print(each.otherwise, at)}{% endif %}`
    case 'for': {
      const inner = { ...at, inLoop: true }
      const body = `${print(each.body, inner)}{% else %}${print(each.otherwise, { ...inner, plain: true })}`
      return `{% for i in ${each.list} %}${body}{% endfor %}`
    }
    case 'switch': {
      const cases = each.cases
        .map((body, index) => `{% case ${index} %}${print(body, plain)}`)
        .join('')
      return `{% switch ${each.value} %}${cases}{% default %}${print(each.otherwise, plain)}{% endswitch %}`
    }
    case 'macro':
      return `{% macro ${own(each.name)}(x, y=${each.fallback}) %}${each.name}{{ x }}${print(each.body, plain)}{{ y }}{% endmacro %}`
    case 'call':
      return `{% if ${each.name.split('.')[0]} %}{% call ${each.name}(${each.value}) %}${print(each.body, plain)}{% endcall %}{% endif %}`
    case 'import':
      if (at.plain) return ''
      return [
        `{% import "lib" as ${own('lib')} %}`,
        `{% from "lib" import wrap as ${own('w')} %}`,
        `{% import "./lib" as ${own('lib')} %}`,
        `{% from "lib" import box, wrap as ${own('w')} %}`,
      ][each.form]!
    case 'include':
      return at.plain ? '' : `{% include "${each.name}" %}`
    case 'filter':
      return `{% filter lower %}${print(each.body, plain)}{% endfilter %}`
    case 'block': {
      const inner: Place = { ...at, block: each.name, outer: at.parents.has(each.name) }
      if (at.plain || at.used.has(each.name)) return print(each.body, at)
      at.used.add(each.name)
      const parent =
        each.parent && at.parents.has(each.name) && (at.block === undefined || at.outer)
          ? '{{ super() }}'
          : ''
      return `{% block ${each.name} %}[${each.name}:${parent}${print(each.body, inner)}:${each.name}]{% endblock %}`
    }
  }
}

const top = (parents: ReadonlySet<string> = new Set()): Place => ({
  used: new Set(),
  block: undefined,
  inLoop: false,
  plain: false,
  outer: false,
  parents,
})

const EXTENDS = [
  (parent: string) => `{% extends "${parent}" %}`,
  (parent: string) => `{% extends "./${parent}" %}`,
  (parent: string) => `{% extends layout_${parent} %}`,
  (parent: string) => `{% set l_${parent} = "${parent}" %}{% extends l_${parent} %}`,
  (parent: string) =>
    `{% if a %}{% extends "${parent}" %}{% else %}{% extends layout_${parent} %}{% endif %}`,
]

/** A template's body: some statements with a block among them. */
const bodyWithBlocks: fc.Arbitrary<Statement[]> = fc
  .tuple(statements(false, 1), blockOf(2), statements(false, 2), blockOf(2), statements(false, 1))
  .map(([before, one, between, two, after]) => [...before, one, ...between, two, ...after])

/** The families. Chains have one to three templates. */
export const family: fc.Arbitrary<Family> = fc
  .record({
    bodies: fc.array(bodyWithBlocks, { minLength: 1, maxLength: 3 }),
    extend: fc.array(fc.tuple(fc.nat(EXTENDS.length - 1), fc.nat(4)), {
      minLength: 2,
      maxLength: 2,
    }),
    includes: fc.tuple(statements(true, 0), statements(true, 0)),
    given: fc.record({
      a: fc.constantFrom('A&', '', 0, undefined),
      b: fc.constantFrom('B', 3, null),
      c: fc.constantFrom('C', false),
    }),
    autoescape: fc.boolean(),
  })
  .map(({ bodies, extend, includes, given, autoescape }) => {
    const templates: Record<string, string> = { lib: LIBRARY }
    const parents = new Set<string>()
    for (const [index, body] of [...bodies.entries()].toReversed()) {
      const at = top(new Set(parents))
      const text = print(body, at)
      for (const name of at.used) parents.add(name)
      const isRoot = index === bodies.length - 1
      const [form, place] = extend[index] ?? [0, 0]
      const extending = isRoot ? '' : EXTENDS[form]!(`t${index + 1}`)
      templates[`t${index}`] =
        place === 4
          ? text + extending
          : `${place === 3 ? '{% set c = "late" %}' : ''}${extending}${text}`
    }
    const noIncludes = (list: Statement[]): Statement[] =>
      list.filter(({ kind }) => kind !== 'include')
    templates['inc1'] = print(noIncludes(includes[0]), { ...top(), plain: true })
    templates['inc2'] = print(noIncludes(includes[1]), { ...top(), plain: true })
    const context = {
      ...given,
      layout_t1: 't1',
      layout_t2: 't2',
      xs: [7],
      i: 7,
      item: { name: 'N<' },
      loop: { index: 1, index0: 0, first: true, last: true, length: 1, revindex: 1, revindex0: 0 },
    }
    return { templates, context, autoescape }
  })

/** The texts of a block in a page: from its mark to the mark's end, versions drawn by `super()` inside. */
export function textsOf(block: string, page: string): string[] {
  const texts: string[] = []
  const [open, close] = [`[${block}:`, `:${block}]`]
  let depth = 0
  let start = 0
  for (let at = 0; at < page.length; at++) {
    if (page.startsWith(open, at)) {
      if (depth++ === 0) start = at
    } else if (page.startsWith(close, at)) {
      if (--depth === 0) texts.push(page.slice(start, at + close.length))
    }
  }
  return texts
}
