import { abortable, abortableGenerator } from '../shared/abortable.ts'
import { ConfigError, didYouMean } from '../shared/errors.ts'
import { Fragment, type BlockContext as Values } from './fragment.ts'

/** One open block, and the names that its last render has looked up; undefined when it may look up any. */
export interface OpenBlock {
  render(changes?: Values): string | Promise<string>
  readonly dependencies?: ReadonlySet<string> | undefined
}

/** A template engine that opens blocks which know their dependencies. */
export interface BlockDependencies {
  open(template: string, block: string, context?: Values): Promise<OpenBlock>
}

/** The blocks that a live state renders, and the values that it derives from others. */
export interface LiveStateOptions<T> {
  /** The blocks that are updated, each in the element with its name as its id. */
  readonly blocks: readonly string[]
  /** Values made of others, by name; also of each other, but not in a circle. */
  readonly derived?: Readonly<
    Record<string, (state: Readonly<T> & Readonly<Record<string, any>>) => unknown>
  >
}

/** Values that many clients show, and the blocks that depend on them. */
export interface LiveState<T> {
  /** All current values, with the derived ones and `version`, which counts the changes: for the page to begin with. */
  readonly values: Readonly<T> & Values & { readonly version: number }
  /** How many streams subscribe. */
  readonly subscribers: number
  /**
   * Changes values. Each subscriber gets the blocks that depend on what is different now.
   *
   * In      `origin`: the subscriber of this name made the change, and shows it already.
   * Throws  TypeError for a name that is none of its values; what a derived value throws. Then nothing has changed.
   */
  set(changes: Partial<T>, by?: { readonly origin?: string | undefined }): void
  /**
   * Streams each block as it is, then again whenever it changes. A slow subscriber gets the newest state of a block and
   * never a queue; a gap in `version`, which is in the context, says that it missed some.
   *
   * Ends    when the subscriber leaves, which frees all that was stored for it.
   * Throws  TemplateError `block/unknown`.
   */
  subscribe(by?: { readonly origin?: string | undefined }): AsyncGenerator<Fragment, void>
}

/**
 * Holds values, and renders again for all subscribers what depends on a change. These are exactly the blocks that read
 * it, directly, through a declaration of the template, or through a derived value.
 *
 * In      the engine of the app, whose renders tell what blocks read. Values are compared by identity: set a new list
 *         instead of adding to the old one.
 * Cost    one render of each block that a change reaches, to learn its dependencies, however many subscribe; what each
 *         subscriber is sent is paid by its own stream.
 * Throws  ConfigError `config/invalid` for derived values that need each other, or hide a value.
 *
 * @example
 * const board = liveState(engine, 'board.html', { tasks: [{ text: 'Tea', done: false }] }, {
 *   blocks: ['list', 'count'],
 *   derived: { open: ({ tasks }) => tasks.filter(({ done }) => !done) },
 * })
 * app.get('/', () => new Page('board.html', board.values))
 * app.get('/live', () => new EventStream(() => board.subscribe()))
 * board.set({ tasks: [{ text: 'Tea', done: true }] })
 * board.values.open // → []
 */
export function liveState<T extends Values>(
  engine: BlockDependencies,
  template: string,
  values: T,
  { blocks, derived = {} }: LiveStateOptions<T>,
): LiveState<T> {
  const state = new DerivedValues(values, derived)
  const known = new Map<string, KnownBlock>()
  const subscribers = new Set<Subscriber>()

  async function* updates(origin: string | undefined, signal: AbortSignal) {
    const subscriber: Subscriber = { origin, pending: new Set(blocks), wake: () => {} }
    subscribers.add(subscriber)
    try {
      for (const block of blocks) {
        const opened = known.get(block) ?? new KnownBlock(engine, template, block, state)
        known.set(block, opened)
        await abortable(opened.opening, signal)
      }
      for (;;) {
        const [block] = subscriber.pending
        if (block === undefined)
          await abortable(new Promise<void>((resolve) => (subscriber.wake = resolve)), signal)
        else {
          subscriber.pending.delete(block)
          yield new Fragment(template, block, state.values, { target: `#${block}` })
        }
      }
    } finally {
      subscribers.delete(subscriber)
      if (subscribers.size === 0) known.clear()
    }
  }

  return {
    get values() {
      return state.values as LiveState<T>['values']
    },
    get subscribers() {
      return subscribers.size
    },
    set(changes, { origin } = {}) {
      const changed = state.change(changes)
      if (changed.size === 0) return
      const reached = blocks.filter((block) => known.get(block)?.isReached(changed) ?? true)
      for (const subscriber of subscribers) {
        if (origin !== undefined && origin === subscriber.origin) continue
        for (const block of reached) subscriber.pending.add(block)
        subscriber.wake()
      }
    },
    subscribe: ({ origin } = {}) => abortableGenerator((signal) => updates(origin, signal)),
  }
}

/** One stream of a live state, and the blocks that it has not been sent as they are now. */
interface Subscriber {
  readonly origin: string | undefined
  readonly pending: Set<string>
  wake(): void
}

/** Values, and others derived from them, which are made again only when what they have read is different. */
class DerivedValues {
  values: Values & { readonly version: number }
  readonly #names: readonly string[]
  readonly #derived: Readonly<Record<string, (state: never) => unknown>>
  /** The names that each derived value has read. */
  #uses: ReadonlyMap<string, ReadonlySet<string>> = new Map()

  constructor(values: Values, derived: Readonly<Record<string, (state: never) => unknown>>) {
    this.#names = Object.keys(values)
    this.#derived = derived
    const hidden = ['version', ...Object.keys(derived)].find((key) => this.#names.includes(key))
    if (hidden !== undefined) throw invalid(`"${hidden}" is a value and derived at once.`)
    // Names that are present from the start are seen by a function that looks at all of them.
    const names = Object.keys(derived).map((key) => [key, undefined])
    this.values = { ...Object.fromEntries(names), version: 0 }
    this.change(values)
  }

  /** Applies changes with all that follows from them, or nothing of it. Out: the names of what is different. */
  change(changes: Values): ReadonlySet<string> {
    const keys = Object.keys(changes)
    const wrong = keys.find((key) => !this.#names.includes(key))
    if (wrong !== undefined)
      throw new TypeError(`"${wrong}" is no value of this state ${didYouMean(wrong, this.#names)}`)
    const { version, ...before } = this.values
    const next: Record<string, unknown> = { ...before, ...changes }
    const changed = new Set(keys.filter((key) => !Object.is(next[key], this.values[key])))
    const uses = new Map(this.#uses)
    const current = new Set<string>()
    const path: string[] = []
    const read = (key: string): unknown => {
      const derive = Object.hasOwn(this.#derived, key) ? this.#derived[key] : undefined
      if (derive === undefined || current.has(key)) return next[key]
      const circle = [...path.slice(path.indexOf(key)), key]
      if (path.includes(key))
        throw invalid(`Derived values need each other: ${circle.join(' → ')}.`)
      path.push(key)
      const isStale = (name: string): boolean => (read(name), changed.has(name))
      const used = uses.get(key)
      if (used === undefined || [...used].some(isStale)) {
        const names = new Set<string>()
        const get = (_: object, name: string): unknown => (names.add(name), read(name))
        const value = derive(new Proxy(next, { get } as ProxyHandler<object>) as never)
        uses.set(key, names)
        if (!Object.is(value, next[key])) changed.add(key)
        next[key] = value
      }
      path.pop()
      current.add(key)
      return next[key]
    }
    for (const key of Object.keys(this.#derived)) read(key)
    if (changed.size === 0) return changed
    this.#uses = uses
    this.values = Object.freeze({ ...next, version: version + 1 })
    return changed.add('version')
  }
}

/** An open block and the names that it looks up, learnt by one render for each change that reaches it. */
class KnownBlock {
  readonly opening: Promise<void>
  readonly #state: DerivedValues
  #block: OpenBlock | undefined
  /** Undefined before a render has come to its end: the block may look up anything. */
  #names: ReadonlySet<string> | undefined
  #renders = 0

  constructor(engine: BlockDependencies, template: string, block: string, state: DerivedValues) {
    this.#state = state
    this.opening = engine.open(template, block, state.values).then((opened) => {
      this.#block = opened
      this.#learn()
    })
    this.opening.catch(() => {})
  }

  /** If so, the change has happened already, and what the block looks up now is learnt. */
  isReached(changed: ReadonlySet<string>): boolean {
    if (this.#names && ![...changed].some((name) => this.#names!.has(name))) return false
    this.#learn()
    return true
  }

  #learn(): void {
    const number = (this.#renders += 1)
    this.#names = undefined
    const learnt = (): void => {
      if (number === this.#renders) this.#names = this.#block?.dependencies
    }
    // A render that fails is reported by the stream that sends the block.
    try {
      const html = this.#block?.render(this.#state.values)
      if (html instanceof Promise) html.then(learnt, () => {})
      else learnt()
    } catch {}
  }
}

function invalid(message: string): ConfigError {
  const hint = 'Give each value one origin: what was set, or a function of what was set.'
  return new ConfigError('config/invalid', message, { hint })
}
