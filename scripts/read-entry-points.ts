import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A name that an entry point exports. */
export interface Exported {
  readonly name: string
  /** Its source file, under `src/`. */
  readonly file: string
  readonly kind: 'function' | 'class' | 'const' | 'interface' | 'type'
  /** Only its type is exported, so it cannot be called. */
  readonly typeOnly: boolean
  readonly comment: Comment
  /** Its declaration by the compiler, without comment. */
  readonly declaration: string
}

/** The parts of a doc comment. */
export interface Comment {
  readonly paragraphs: readonly string[]
  /** In, Out, Cost, Ends, Throws, in their order. */
  readonly contract: ReadonlyMap<string, string>
  readonly params: ReadonlyMap<string, string>
  readonly examples: readonly string[]
}

/** An entry point of the package, with its exports. */
export interface EntryPoint {
  /** `swapstream`, `swapstream/node`, … */
  readonly name: string
  readonly comment: Comment
  readonly exports: readonly Exported[]
}

const ROOT = join(import.meta.dirname, '..')

/**
 * Reads what the package exports from the declarations that the compiler writes: its API changes, the text of its
 * declarations does not.
 */
export function readEntryPoints(): EntryPoint[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, { source: string } | string>
  }
  const folder = mkdtempSync(join(tmpdir(), 'swapstream-entries-'))
  const compile = 'tsc -p tsconfig.build.json --emitDeclarationOnly --declarationMap false --outDir'
  const [tsc = '', ...options] = compile.split(' ')
  try {
    execFileSync(join(ROOT, 'node_modules/.bin', tsc), [...options, folder], { cwd: ROOT })
    const read = (file: string): string =>
      readFileSync(join(folder, file.replace(/\.ts$/, '.d.ts')), 'utf8')
    return Object.entries(manifest.exports).flatMap(([name, targets]) => {
      if (typeof targets === 'string') return []
      const file = targets.source.replace('./src/', '')
      const comment = toComment(/^\/\*\*[^]*?\*\//.exec(read(file))?.[0] ?? '')
      return [{ name: `swapstream${name.slice(1)}`, comment, exports: exportsOf(file, read) }]
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function exportsOf(entry: string, read: (file: string) => string): Exported[] {
  return [...read(entry).matchAll(/export (type )?(?:\{([^}]*)\}|\*) from '(\.[^']+)'/g)].flatMap(
    ([, type, names, from]) => {
      const file = join(dirname(entry), from!)
      // An entry point may pass on names of another one.
      const passedOn = exportsOf(file, read)
      if (names === undefined) return passedOn
      return names
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
        .map(
          (name) =>
            passedOn.find((exported) => exported.name === name) ?? {
              ...declared(name, file, read(file)),
              typeOnly: type !== undefined,
            },
        )
    },
  )
}

/** A declaration begins at the start of a line; its other lines are indented. */
const NEXT = /^(?:export|declare|import|type|interface|\/\*|\/\/)/

function declared(name: string, file: string, code: string): Omit<Exported, 'typeOnly'> {
  const lines = code.split('\n')
  const opens = new RegExp(
    `^export (?:declare )?(?:abstract )?(function|class|const|interface|type) ${name}\\b`,
  )
  const starts = lines.flatMap((line, index) => (opens.test(line) ? [index] : []))
  if (starts.length === 0) throw new Error(`There is no ${name} in ${file}.`)
  const declaration = starts.map((start) => {
    const isType = lines[start]!.startsWith('export type ')
    // The parts of a union may have comments at the beginning of a line, so a type ends with its semicolon.
    const length = isType
      ? lines.slice(start).findIndex((line) => /^\S.*;$/.test(line))
      : lines.slice(start + 1).findIndex((line) => NEXT.test(line))
    return lines
      .slice(start, length < 0 ? undefined : start + 1 + length)
      .join('\n')
      .trim()
  })
  const before = lines.slice(0, starts[0]).join('\n').trimEnd()
  return {
    name,
    file,
    kind: opens.exec(lines[starts[0]!]!)![1] as Exported['kind'],
    comment: toComment(before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : ''),
    declaration: declaration.join('\n').replace(/^ +(?:#private|readonly _\w+: .*);\n/gm, ''),
  }
}

const CONTRACT = /^(In|Out|Cost|Ends|Throws) {2,}/

/** Splits a doc comment into its prose, its contract and its tags. */
export function toComment(comment: string): Comment {
  const text = comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^[ \t]*\* ?/gm, '')
    .trim()
  const [prose = '', ...tagged] = text.split(/^@(?=[a-z]+\b)/m)
  const contract = new Map<string, string>()
  const paragraphs: string[] = []
  for (const block of prose.split(/\n{2,}/)) {
    if (!CONTRACT.test(block)) {
      if (block.trim()) paragraphs.push(joined(block))
      continue
    }
    for (const line of block.split(/\n(?=\S)/)) {
      const [head = '', name = ''] = CONTRACT.exec(line) ?? []
      contract.set(name, joined(line.slice(head.length)))
    }
  }
  const params = new Map<string, string>()
  const examples: string[] = []
  for (const tag of tagged) {
    const [, name, rest = ''] = /^(\w+)\s*([^]*)$/.exec(tag)!
    if (name === 'example') examples.push(rest.trim())
    const [, param, about] = (name === 'param' && /^(\S+)\s+([^]*)$/.exec(rest)) || []
    if (param) params.set(param, joined(about!))
  }
  return { paragraphs, contract, params, examples }
}

const joined = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ')
