import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../shared/errors.ts'
import { codeTokens, type CodeToken } from './code-tokens.ts'

/** Something that a source file says, and where: a path, line and column from 1. */
export interface Said {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A template, and a block of it when one is named, that is handed to a function of ours. */
export interface DrawnInCode extends Said {
  readonly template: string
  readonly block?: string
}

/** What the code of an app says of its templates, as far as it is written down as texts. */
export interface CodeFacts {
  readonly files: readonly string[]
  readonly drawn: readonly DrawnInCode[]
  /** Elements that fragments and pages are sent to, by their id. */
  readonly targets: readonly (Said & { readonly id: string })[]
  /** Names of events that streams send. */
  readonly events: readonly (Said & { readonly event: string })[]
  /** Some event has a name that is only known when it is sent. */
  readonly hasUnknownEvents: boolean
}

/**
 * Reads the code of an app: a file, and all that it imports by relative paths.
 *
 * Texts that are handed to functions of `swapstream` count, and nothing else: what is computed is not known.
 *
 * Throws  ConfigError `config/invalid` for an entry that is no file.
 */
export function codeFactsOf(entries: readonly string[]): CodeFacts {
  const files = [...entries]
  const facts = {
    files,
    drawn: [] as DrawnInCode[],
    targets: [] as (Said & { id: string })[],
    events: [] as (Said & { event: string })[],
    hasUnknownEvents: false,
  }
  for (const file of files) {
    if (!isFile(file)) throw new ConfigError('config/invalid', `There is no file "${file}".`)
    const code = readFileSync(file, 'utf8')
    const tokens = codeTokens(code)
    for (const imported of importsOf(tokens, file))
      if (!files.includes(imported)) files.push(imported)
    const names = importedNames(tokens)
    for (const [at, token] of tokens.entries()) {
      const name = token.kind === 'name' ? names.get(token.value) : undefined
      if (name === undefined || tokens[at + 1]?.value !== '(' || tokens[at - 1]?.value === '.')
        continue
      read(name, argumentsAt(tokens, at + 1), placeIn(code, file))
    }
  }
  return facts

  function read(name: string, given: readonly Given[], place: (at: number) => Said): void {
    const draw = (template: Given | undefined, block?: Text): void => {
      if (!template?.text) return
      const at = place((block ?? template.text).at)
      const more = block && { block: block.value }
      facts.drawn.push({ ...at, template: template.text.value, ...more })
    }
    const target = (text: Text | undefined): void => {
      const id = /^#([\w-]+)$/.exec(text?.value ?? '')?.[1]
      if (id !== undefined) facts.targets.push({ ...place(text!.at), id })
    }
    const [first, second, third, fourth] = given
    switch (name) {
      case 'Fragment':
        draw(first, second?.text)
        return target(textOf(fourth, 'target'))
      case 'Page':
        draw(first, textOf(third, 'block'))
        for (const [, { text }] of membersOf(third, 'blocks')) draw(first, text)
        return target(textOf(third, 'target'))
      case 'streamBlocks':
        for (const [key, { keyAt }] of second?.members ?? [])
          draw(first, { value: key, at: keyAt! })
        return
      case 'liveState':
        for (const { text } of fourth?.members?.get('blocks')?.items ?? []) draw(second, text)
        return
      case 'streamToFragments':
        draw(second, third?.text)
        return target(textOf(fourth, 'target'))
      case 'streamWithSources':
        for (const [option, usual] of [
          ['responseBlock', 'response'],
          ['sourcesBlock', 'sources'],
        ] as const) {
          const block = third?.members?.get(option)
          if (block && !block.text) continue
          // A default counts as well: the page has to have that block.
          const text = block?.text ?? (second?.text && { value: usual, at: second.text.at })
          draw(second, text)
          target(textOf(third, option === 'responseBlock' ? 'target' : 'sourcesTarget'))
        }
        return
      case 'errorPages':
        return draw(second?.members?.get('template'), textOf(second, 'block'))
      case 'ServerSentEvent':
      case 'events':
        for (const option of ['event', 'done', 'error']) {
          const event = first?.members?.get(option)
          if (event?.text) facts.events.push({ ...place(event.at), event: event.text.value })
          else if (event) facts.hasUnknownEvents = true
        }
        if (first && !first.members) facts.hasUnknownEvents = true
    }
  }
}

interface Text {
  readonly value: string
  readonly at: number
}

/** What is handed to a call: a text, an object or list that is written down, or something that is not known. */
interface Given {
  readonly at: number
  readonly text?: Text
  /** Where its name stands, when it is a member of an object. */
  readonly keyAt?: number
  readonly members?: ReadonlyMap<string, Given>
  readonly items?: readonly Given[]
}

function textOf(given: Given | undefined, member: string): Text | undefined {
  return given?.members?.get(member)?.text
}

function membersOf(given: Given | undefined, member: string): [string, Given][] {
  return [...(given?.members?.get(member)?.members ?? [])]
}

/** In: where a `(` or `{` stands. Out: what stands between the commas up to its end, and where the end is. */
function partsAt(
  tokens: readonly CodeToken[],
  open: number,
): { parts: CodeToken[][]; end: number } {
  const parts: CodeToken[][] = [[]]
  let depth = 0
  for (let at = open + 1; at < tokens.length; at++) {
    const token = tokens[at]!
    if (token.kind === 'sign' && ')]}'.includes(token.value) && --depth < 0)
      return { parts, end: at }
    if (token.kind === 'sign' && '([{'.includes(token.value)) depth += 1
    if (depth === 0 && token.kind === 'sign' && token.value === ',') parts.push([])
    else parts.at(-1)!.push(token)
  }
  return { parts, end: tokens.length }
}

function argumentsAt(tokens: readonly CodeToken[], open: number): Given[] {
  // Behind a last comma nothing follows.
  return partsAt(tokens, open)
    .parts.filter((part) => part.length > 0)
    .map(givenIn)
}

function givenIn(part: readonly CodeToken[]): Given {
  const [first] = part
  if (!first) return { at: 0 }
  if (part.length === 1 && first.kind === 'text') return { at: first.at, text: first }
  if (first.kind !== 'sign' || !'{['.includes(first.value)) return { at: first.at }
  const { parts, end } = partsAt(part, 0)
  // `{ … } as const` is still that object; `{ … }[x]` is not.
  if (end !== part.length - 1 && part[end + 1]?.value !== 'as') return { at: first.at }
  if (first.value === '[') return { at: first.at, items: parts.map(givenIn) }
  const members = parts.flatMap((member): [string, Given][] => {
    const [key, colon, ...value] = member
    if (!key || (key.kind !== 'name' && key.kind !== 'text')) return []
    const given = colon?.value === ':' ? givenIn(value) : { at: key.at }
    return [[key.value, { ...given, keyAt: key.at }]]
  })
  return { at: first.at, members: new Map(members) }
}

/** The names under which a file has what `swapstream` exports. */
function importedNames(tokens: readonly CodeToken[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'text' || !/^swapstream(?:\/\w+)?$/.test(token.value)) continue
    if (tokens[at - 1]?.value !== 'from' || tokens[at - 2]?.value !== '}') continue
    let open = at - 2
    while (open > 0 && tokens[open]!.value !== '{') open -= 1
    for (const part of partsAt(tokens, open).parts) {
      const words = part.filter(({ value }) => value !== 'type')
      const [own, as, local] = words
      if (own) names.set(as?.value === 'as' ? local!.value : own.value, own.value)
    }
  }
  return names
}

/** The files that a file imports by a relative path, as they are found on the disk. */
function importsOf(tokens: readonly CodeToken[], file: string): string[] {
  return tokens.flatMap(({ kind, value }, at) => {
    const before = tokens[at - 1]?.value
    const imports =
      before === 'from' ||
      before === 'import' ||
      (before === '(' && tokens[at - 2]?.value === 'import')
    if (kind !== 'text' || !imports || !/^\.\.?\//.test(value)) return []
    const path = join(dirname(file), value)
    const tries = [
      path,
      path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2'),
      `${path}.ts`,
      join(path, 'index.ts'),
    ]
    return tries.filter((each) => /\.[cm]?[jt]sx?$/.test(each) && isFile(each)).slice(0, 1)
  })
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

function placeIn(code: string, file: string): (at: number) => Said {
  return (at) => {
    const before = code.slice(0, at).split('\n')
    return { file, line: before.length, column: before.at(-1)!.length + 1 }
  }
}
