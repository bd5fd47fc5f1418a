import { toWords } from './words.ts'

/** How far a named package is preferred to others at most. */
const MAX_BOOST = 12
/** What its relatives get of that: who asks about vitest means vitest before @vitest/mocker. */
const RELATIVE = 0.8
/** From this share on a name is a name; below, a word that a package happens to have as well. */
const MIN_SHARE = 0.3

/**
 * Which packages a question names. "… in hono" prefers hono, @hono/* and @types/hono;
 * "environment variables" should not prefer a package that happens to be called environment.
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

  /** The words that name a package or a part of one; only of these the frequency is needed. */
  static words(packageNames: Iterable<string>): Set<string> {
    const words = new Set<string>()
    for (const packageName of new Set(packageNames))
      for (const word of toWords(packageName)) words.add(word)
    return words
  }

  /**
   * The factor of each package that the question names, and the words that name it.
   *
   * @param frequency How many passages hold a word. Those of the package itself always hold its name.
   */
  events(
    question: string,
    frequency: ReadonlyMap<string, number>,
  ): { readonly boosts: ReadonlyMap<string, number>; readonly words: ReadonlySet<string> } {
    const boosts = new Map<string, number>()
    const words = new Set<string>()
    for (const asked of new Set(question.toLowerCase().split(/[\s?!,;()"'’`]+/))) {
      const word = asked.replace(/[.:]+$/, '')
      const family = this.#packages.get(word)
      if (!family) continue
      let own = 0
      for (const name of family) own += this.#sizes.get(name) ?? 0
      const rarest = Math.min(...toWords(word).map((part) => frequency.get(part) ?? 0))
      const share = Math.min(1, own / Math.max(1, rarest))
      if (share < MIN_SHARE) continue
      words.add(word)
      for (const name of family) {
        const boost = (1 + (MAX_BOOST - 1) * share) * (name === word ? 1 : RELATIVE)
        boosts.set(name, Math.max(boosts.get(name) ?? 1, boost))
      }
    }
    return { boosts, words }
  }
}

/** `@hono/node-server` answers to itself, `hono` and `node-server`; `@types/chai` also to `chai`. */
function familyNames(packageName: string): string[] {
  const name = packageName.toLowerCase()
  const [, scope, base] = /^@([^/]+)\/(.+)$/.exec(name) ?? []
  const names = scope && base ? (scope === 'types' ? [name, base] : [name, scope, base]) : [name]
  // People say htmx and playwright, not htmx.org and playwright-core.
  return [...names, ...names.map((text) => text.replace(/(?:\.js|\.org|-core)$/, ''))]
}
