import { toTermList } from './words.ts'

/** What its relatives get of the strength of a name: who asks about vitest means vitest before @vitest/mocker. */
const RELATIVE = 0.8
/** From this share on a name is a name; below, a word that a package happens to have as well. */
const MIN_SHARE = 0.3

/** The packages that a question names. */
export interface Named {
  /** How surely each one is meant, from 0 to 1. */
  readonly packages: ReadonlyMap<string, number>
  /** The words that are names, and nothing else in this question. */
  readonly words: ReadonlySet<string>
}

/**
 * Which packages a question names. "… in hono" prefers hono, @hono/* and @types/hono; "environment variables" should
 * hardly prefer a package that happens to be called environment.
 */
export class Families {
  readonly #packages = new Map<string, Set<string>>()
  /** How many passages each package has. */
  readonly #sizes = new Map<string, number>()

  add(packageName: string): void {
    const size = this.#sizes.get(packageName) ?? 0
    this.#sizes.set(packageName, size + 1)
    if (size > 0) return
    for (const name of familyNames(packageName)) {
      const family = this.#packages.get(name)
      if (family) family.add(packageName)
      else this.#packages.set(name, new Set([packageName]))
    }
  }

  /** All names that a question can use. */
  get names(): Iterable<string> {
    return this.#packages.keys()
  }

  has(word: string): boolean {
    return this.#packages.has(word)
  }

  /**
   * @param words Of the question, in lower case and in order: two neighbours can be one name, as in "fast check".
   * @param frequency How many passages hold a term. Those of the package itself mostly do.
   */
  namedIn(words: readonly string[], frequency: (term: string) => number): Named {
    const packages = new Map<string, number>()
    const names = new Set<string>()
    // "once" is a package, but first of all a word of grammar.
    const isGrammar = words.every((word) => toTermList(word).length === 0)
    for (const [i, word] of words.entries()) {
      for (const name of [word, `${word}-${words[i + 1]}`]) {
        const family = this.#packages.get(name)
        if (!family) continue
        let own = 0
        for (const each of family) own += this.#sizes.get(each) ?? 0
        const terms = toTermList(name)
        if (terms.length === 0 && !isGrammar) continue
        const rarest = terms.length === 0 ? own : Math.min(...terms.map(frequency))
        const share = Math.min(1, own / Math.max(1, rarest))
        if (share >= MIN_SHARE)
          for (const part of name === word ? [word] : [word, words[i + 1]!]) names.add(part)
        for (const each of family) {
          const strength = share * (each === name || each.startsWith(`${name}.`) ? 1 : RELATIVE)
          packages.set(each, Math.max(packages.get(each) ?? 0, strength))
        }
      }
    }
    return { packages, words: names }
  }
}

/** `@hono/node-server` answers to itself, `hono` and `node-server`; `@types/chai` also to `chai`. */
export function familyNames(packageName: string): string[] {
  const name = packageName.toLowerCase()
  const [, scope, base] = /^@([^/]+)\/(.+)$/.exec(name) ?? []
  const names = scope && base ? (scope === 'types' ? [name, base] : [name, scope, base]) : [name]
  // People say htmx and playwright, not htmx.org and playwright-core.
  return [...new Set([...names, ...names.map((text) => text.replace(/(?:\.js|\.org|-core)$/, ''))])]
}
