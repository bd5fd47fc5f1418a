import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../shared/errors.ts'
import { codeTokens, type CodeToken } from './code-tokens.ts'
import type { Place } from './findings.ts'

/** Names in the code of an app, as far as they are written down as texts. */
export interface CodeFacts {
  readonly files: readonly string[]
  /** Templates, and blocks of them when they are named, that are handed to functions of ours. */
  readonly drawn: readonly (Place & { readonly template: string; readonly block?: string })[]
  /** Elements that fragments and pages are sent to, by their id. */
  readonly targets: readonly (Place & { readonly id: string })[]
  /** Names of events that streams send. */
  readonly events: readonly (Place & { readonly event: string })[]
  /** Some event has a name that is only known when it is sent. */
  readonly hasUnknownEvents: boolean
}

/** Where a call has what: `3.target` is a member of its fourth argument, `*` stands for each, `keys` for the names. */
interface Call {
  readonly template?: string
  /** With the block that is meant where the call names none. */
  readonly blocks?: readonly (readonly [path: string, usual?: string])[]
  readonly targets?: readonly string[]
}

const CALLS: Readonly<Record<string, Call>> = {
  Fragment: { template: '0', blocks: [['1']], targets: ['3.target'] },
  Page: { template: '0', blocks: [['2.block'], ['2.blocks.*']], targets: ['2.target'] },
  streamBlocks: { template: '0', blocks: [['1.keys']] },
  liveState: { template: '1', blocks: [['3.blocks.*']] },
  streamToFragments: { template: '1', blocks: [['2']], targets: ['3.target'] },
  streamWithSources: {
    template: '1',
    // A default counts as well: the page has to have that block.
    blocks: [
      ['2.responseBlock', 'response'],
      ['2.sourcesBlock', 'sources'],
    ],
    targets: ['2.target', '2.sourcesTarget'],
  },
  errorPages: { template: '1.template', blocks: [['1.block']] },
}
const SENDS_EVENTS = /^(?:ServerSentEvent|events)$/
const EVENTS = ['0.event', '0.done', '0.error']

/**
 * Reads the code of an app: a file, and all that it imports by relative paths.
 *
 * Texts that are handed to functions of `swapstream` count, and nothing else: what is computed is not known.
 *
 * Throws  ConfigError `config/invalid` for an entry that is no file.
 */
export function codeFactsOf(entries: readonly string[]): CodeFacts {
  const files = new Set(entries)
  const drawn: CodeFacts['drawn'][number][] = []
  const targets: CodeFacts['targets'][number][] = []
  const events: CodeFacts['events'][number][] = []
  let hasUnknownEvents = false
  for (const file of files) {
    if (!isFile(file)) throw new ConfigError('config/invalid', `There is no file "${file}".`)
    const code = readFileSync(file, 'utf8')
    const place = ({ at }: Value): Place => placeIn(code, file, at)
    const tokens = codeTokens(code)
    for (const imported of importsOf(tokens, file)) files.add(imported)
    for (const { name, values } of callsIn(tokens)) {
      const { template: path, blocks = [], targets: paths = [] } = CALLS[name] ?? {}
      const [template] = path === undefined ? [] : valuesAt(values, path)
      if (template?.text !== undefined) {
        const named = blocks.flatMap(([each, usual]): Value[] => {
          const found = valuesAt(values, each)
          return usual && found.length === 0 ? [{ ...template, text: usual }] : found
        })
        const texts = named.filter(({ text }) => text !== undefined)
        if (texts.length === 0) drawn.push({ ...place(template), template: template.text })
        for (const each of texts)
          drawn.push({ ...place(each), template: template.text, block: each.text! })
      }
      for (const target of paths.flatMap((each) => valuesAt(values, each))) {
        const [, id] = /^#([\w-]+)$/.exec(target.text ?? '') ?? []
        if (id !== undefined) targets.push({ ...place(target), id })
      }
      if (!SENDS_EVENTS.test(name) || values[0] === undefined) continue
      if (!values[0].members) hasUnknownEvents = true
      for (const event of EVENTS.flatMap((each) => valuesAt(values, each))) {
        if (event.text === undefined) hasUnknownEvents = true
        else events.push({ ...place(event), event: event.text })
      }
    }
  }
  return { files: [...files], drawn, targets, events, hasUnknownEvents }
}

/** An argument of a call: a text, an object or list that is written down, or something that is not known. */
interface Value {
  readonly at: number
  readonly text?: string
  readonly members?: ReadonlyMap<string, Value & { readonly keyAt: number }>
  readonly items?: readonly Value[]
}

function valuesAt(values: readonly Value[], path: string): Value[] {
  const step = ({ members, items = [] }: Value, key: string): readonly Value[] => {
    if (key === '*') return members ? [...members.values()] : items
    if (key === 'keys') return Array.from(members ?? [], ([text, { keyAt: at }]) => ({ at, text }))
    return [members?.get(key) ?? items[Number(key)]].filter((each) => each !== undefined)
  }
  const whole: Value[] = [{ at: 0, items: values }]
  return path.split('.').reduce((found, key) => found.flatMap((each) => step(each, key)), whole)
}

/** The calls of what a file imports from `swapstream`, by the names that it is exported under. */
function callsIn(tokens: readonly CodeToken[]): { name: string; values: Value[] }[] {
  const names = importedNames(tokens)
  return tokens.flatMap(({ kind, value }, at) => {
    const name = kind === 'name' ? names.get(value) : undefined
    const isCall = tokens[at + 1]?.value === '(' && tokens[at - 1]?.value !== '.'
    if (name === undefined || !isCall) return []
    return { name, values: partsAt(tokens, at + 1).parts.map(valueOf) }
  })
}

/** In: where a `(`, `[` or `{` stands. Out: what stands between the commas up to its end, and where the end is. */
function partsAt(
  tokens: readonly CodeToken[],
  open: number,
): { parts: CodeToken[][]; end: number } {
  const parts: CodeToken[][] = [[]]
  let depth = 0
  let end = open + 1
  for (; end < tokens.length; end++) {
    const token = tokens[end]!
    const sign = token.kind === 'sign' ? token.value : ' '
    if (')]}'.includes(sign) && --depth < 0) break
    if ('([{'.includes(sign)) depth += 1
    if (depth === 0 && sign === ',') parts.push([])
    else parts.at(-1)!.push(token)
  }
  // Behind a last comma nothing follows.
  return { parts: parts.filter((part) => part.length > 0), end }
}

function valueOf(part: readonly CodeToken[]): Value {
  const [first = { at: 0, kind: 'other', value: '' } as const] = part
  const { at, kind, value } = first
  if (part.length === 1 && kind === 'text') return { at, text: value }
  if (kind !== 'sign' || !'{['.includes(value)) return { at }
  const { parts, end } = partsAt(part, 0)
  // `{ … } as const` is still that object; `{ … }[x]` is not.
  if (end !== part.length - 1 && part[end + 1]?.value !== 'as') return { at }
  if (value === '[') return { at, items: parts.map(valueOf) }
  const members = parts.flatMap(([key, colon, ...rest]): [string, Value & { keyAt: number }][] => {
    if (key?.kind !== 'name' && key?.kind !== 'text') return []
    const member = colon?.value === ':' ? valueOf(rest) : { at: key.at }
    return [[key.value, { ...member, keyAt: key.at }]]
  })
  return { at, members: new Map(members) }
}

/** The names under which a file has what `swapstream` exports. */
function importedNames(tokens: readonly CodeToken[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const [at, { kind, value }] of tokens.entries()) {
    if (kind !== 'text' || !/^swapstream(?:\/\w+)?$/.test(value)) continue
    if (tokens[at - 1]?.value !== 'from' || tokens[at - 2]?.value !== '}') continue
    const open = tokens.slice(0, at).findLastIndex((token) => token.value === '{')
    for (const part of partsAt(tokens, Math.max(0, open)).parts) {
      const [own, as, local] = part.filter((token) => token.value !== 'type')
      if (own) names.set(as?.value === 'as' ? local!.value : own.value, own.value)
    }
  }
  return names
}

/** The files that a file imports by a relative path, as they are found on the disk. */
function importsOf(tokens: readonly CodeToken[], file: string): string[] {
  return tokens.flatMap(({ kind, value }, at) => {
    const before = tokens[at - 1]?.value
    const isCall = before === '(' && tokens[at - 2]?.value === 'import'
    const imports = before === 'from' || before === 'import' || isCall
    if (kind !== 'text' || !imports || !/^\.\.?\//.test(value)) return []
    const path = join(dirname(file), value)
    const source = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
    const tries = [path, source, `${path}.ts`, join(path, 'index.ts')]
    return tries.find((each) => /\.[cm]?[jt]sx?$/.test(each) && isFile(each)) ?? []
  })
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function placeIn(code: string, file: string, at: number): Place {
  const before = code.slice(0, at).split('\n')
  return { file, line: before.length, column: before.at(-1)!.length + 1 }
}
