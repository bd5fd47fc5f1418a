import { ConfigError, didYouMean } from '../shared/errors.ts'
import { Stoppable } from '../shared/stoppable.ts'
import { Fragment } from './fragment.ts'

type Values = Readonly<Record<string, unknown>>

/** One block that is open, and the names that its last render has looked up; undefined when it may look at any. */
export interface OpenBlock {
  render(changes?: Values): string | Promise<string>
  readonly dependencies?: ReadonlySet<string> | undefined
}

/** What opens the blocks of a template: a template engine. */
export interface BlockReads {
  open(template: string, block: string, context?: Values): Promise<OpenBlock>
}

/** What a live state draws, and what it makes of its values. */
export interface LiveStateOptions<T> {
  /** The blocks that are kept up to date, each in the element with its name as its id. */
  readonly blocks: readonly string[]
  /** Values made of others, by name; also of each other, but not in a circle. */
  readonly derived?: Readonly<
    Record<string, (state: Readonly<T> & Readonly<Record<string, any>>) => unknown>
  >
}

/** Values that many look at, and the blocks that show them. */
export interface LiveState<T> {
  /** All values as they are, with the derived ones and `version`, which counts the changes: for the page to begin with. */
  readonly values: Readonly<T> & Values & { readonly version: number }
  /** How many look on. */
  readonly subscribers: number
  /**
   * Changes values. Whoever looks on gets the blocks that read what is different now.
   *
   * Throws  TypeError for a name that is none of its values; what a derived value throws. Then nothing has changed.
   *
   * @param by.origin Whoever follows under this name made the change, and shows it already.
   */
  set(changes: Partial<T>, by?: { readonly origin?: string | undefined }): void
  /**
   * What one viewer is to be shown: each block as it is, then again whenever it changes. He gets the newest state of a
   * block and never a queue of them; `version` in its context says by a gap that he did not see some.
   *
   * Ends    when he leaves, which frees all that was kept for him.
   * Throws  TemplateError `block/unknown`.
   */
  subscribe(who?: {
    readonly origin?: string | undefined
  }): AsyncGenerator<Fragment, void, undefined>
}

/**
 * Holds values, and draws again for everybody what depends on a change: exactly the blocks that read it, directly,
 * through a declaration of the template, or through a derived value.
 *
 * In      the engine of the app, whose renders tell what blocks read. Values are compared by identity: give a new list
 *         instead of adding to the old one.
 * Cost    one render of each block that a change reaches, to learn what it reads now, however many look on; what each
 *         viewer is sent is paid by its own stream.
 * Throws  ConfigError `config/invalid` for derived values that need each other, or hide a value.
 *
 * @example
 * const board = liveState(engine, 'board.html', { tasks: [{ text: 'Tea', done: false }] }, {
 *   blocks: ['list', 'count'],
 *   derived: { open: ({ tasks }) => tasks.filter(({ done }) => !done) },
 * })
 * app.get('/', () => new Page('board.html', board.values))
 * app.get('/live', () => new EventStream(() => board.follow()))
 * board.set({ tasks: [{ text: 'Tea', done: true }] })
 * board.values.open // → []
 */
export function liveState<T extends Values>(
  engine: BlockReads,
  template: string,
  values: T,
  { blocks, derived = {} }: LiveStateOptions<T>,
): LiveState<T> {
  const hidden = ['version', ...Object.keys(derived)].find((key) => Object.hasOwn(values, key))
  if (hidden !== undefined) throw wrong(`"${hidden}" is a value and derived at once.`)
  /** What each derived value has read. */
  const uses = new Map<string, ReadonlySet<string>>()
  const hearing = new Set<(reached: ReadonlySet<string>, origin: string | undefined) => void>()
  // Names that are there from the start are seen by whoever looks at all of them.
  const unmade = Object.fromEntries(Object.keys(derived).map((key) => [key, undefined]))
  const dependencies = new Dependencies((block) => engine.open(template, block, state))
  let state: Values & { readonly version: number } = { ...unmade, version: 0 }
  change(values)

  /** Takes changes over with all that follows from them, or nothing of it. Out: the names of what is different. */
  function change(changes: Values): ReadonlySet<string> {
    const { version, ...now } = state
    const next: Record<string, unknown> = Object.assign(now, changes)
    const changed = new Set(Object.keys(changes).filter((key) => !Object.is(next[key], state[key])))
    const known = new Set<string>()
    const usesNow = new Map(uses)
    const path: string[] = []
    const read = (key: string): unknown => {
      const derive = Object.hasOwn(derived, key) ? derived[key] : undefined
      if (derive === undefined || known.has(key)) return next[key]
      const circle = [...path.slice(path.indexOf(key)), key]
      if (path.includes(key)) throw wrong(`Derived values need each other: ${circle.join(' → ')}.`)
      path.push(key)
      const usedBefore = usesNow.get(key)
      const isStale = (name: string): boolean => (read(name), changed.has(name))
      if (usedBefore === undefined || [...usedBefore].some(isStale)) {
        const used = new Set<string>()
        const get = (_: object, name: string): unknown => (used.add(name), read(name))
        const value = derive(new Proxy(next, { get } as ProxyHandler<object>) as never)
        usesNow.set(key, used)
        if (!Object.is(value, next[key])) changed.add(key)
        next[key] = value
      }
      path.pop()
      known.add(key)
      return next[key]
    }
    for (const key of Object.keys(derived)) read(key)
    if (changed.size === 0) return changed
    for (const [key, used] of usesNow) uses.set(key, used)
    state = Object.freeze({ ...next, version: version + 1 })
    return changed.add('version')
  }

  return {
    get values() {
      return state as LiveState<T>['values']
    },
    get subscribers() {
      return hearing.size
    },
    set(changes, { origin } = {}) {
      for (const key of Object.keys(changes)) {
        const known = Object.keys(values)
        if (!known.includes(key))
          throw new TypeError(`"${key}" is no value of this state ${didYouMean(key, known)}`)
      }
      const changed = change(changes as Values)
      if (changed.size === 0) return
      const reached = new Set(blocks.filter((block) => dependencies.reach(block, changed, state)))
      for (const hear of hearing) hear(reached, origin)
    },
    subscribe({ origin } = {}) {
      const due = new Set(blocks)
      let left = false
      let wake = (): void => {}
      const hear = (reached: ReadonlySet<string>, by: string | undefined): void => {
        if (by !== undefined && by === origin) return
        for (const block of reached) due.add(block)
        wake()
      }
      async function* shown(): AsyncGenerator<Fragment, void, undefined> {
        hearing.add(hear)
        try {
          for (const block of blocks) await dependencies.open(block, () => state)
          for (;;) {
            const [block] = due
            if (left) return
            if (block === undefined) await new Promise<void>((resolve) => (wake = resolve))
            else {
              due.delete(block)
              yield new Fragment(template, block, state, { target: `#${block}` })
            }
          }
        } finally {
          hearing.delete(hear)
          if (hearing.size === 0) dependencies.forget()
        }
      }
      return new Stoppable(shown(), () => {
        left = true
        wake()
      })
    },
  }
}

/** What the blocks of one template look up, learnt by rendering each once for each change that reaches it. */
class Dependencies {
  readonly #open: (block: string) => Promise<OpenBlock>
  readonly #opening = new Map<string, Promise<void>>()
  readonly #known = new Map<
    string,
    { readonly renderer: OpenBlock; names?: OpenBlock['dependencies'] }
  >()

  constructor(open: (block: string) => Promise<OpenBlock>) {
    this.#open = open
  }

  /** Opens a block once. Throws  what opening it throws. */
  open(block: string, state: () => Values): Promise<void> {
    let opening = this.#opening.get(block)
    if (!opening) {
      opening = this.#open(block).then((renderer) => {
        this.#known.set(block, { renderer })
        this.#learn(block, state())
      })
      this.#opening.set(block, opening)
      opening.catch(() => this.#opening.delete(block))
    }
    return opening
  }

  /** Whether a change reaches a block. Then what the block looks up now is learnt. */
  reach(block: string, changed: ReadonlySet<string>, state: Values): boolean {
    const names = this.#known.get(block)?.names
    if (names && ![...changed].some((name) => names.has(name))) return false
    this.#learn(block, state)
    return true
  }

  /** A render that fails is told by the stream that sends it. Until another one has ended, the block may look at anything. */
  #learn(block: string, state: Values): void {
    const known = this.#known.get(block)
    if (!known) return
    const { renderer } = known
    const now: { renderer: OpenBlock; names?: OpenBlock['dependencies'] } = { renderer }
    this.#known.set(block, now)
    try {
      const html = renderer.render(state)
      if (typeof html === 'string') now.names = renderer.dependencies
      else html.then(() => (now.names = renderer.dependencies)).catch(() => {})
    } catch {
      // As said above.
    }
  }

  forget(): void {
    this.#opening.clear()
    this.#known.clear()
  }
}

function wrong(message: string): ConfigError {
  return new ConfigError('config/invalid', message, {
    hint: 'Give each value one origin: what was set, or a function of what was set.',
  })
}
