import { captureContext } from '../shared/async-context.ts'
import { callHook } from '../shared/hooks.ts'
import { sleep } from '../shared/clock.ts'
import { AccessError, ConfigError, LimitError } from '../shared/errors.ts'
import { DEFAULT_LIMITS, Slots, type Limits } from '../shared/limits.ts'
import { Reporting, type AppReporting } from '../shared/log.ts'
import { EndMarker } from '../streams/end.ts'
import { type Source, type StreamContext, type WithId, parseCursor } from '../streams/source.ts'
import { createMemoryStore } from './memory-store.ts'
import { Producer } from './producer.ts'
import { watchRun, type ActiveRun } from './remote-run.ts'
import type {
  Run,
  RunEnd,
  RunOptions,
  Runs,
  RunsHealth,
  RunsOptions,
  SubscribeOptions,
} from './runs.ts'
import type { Snapshots } from './snapshots.ts'
import { callStore, type StoredRun } from './store.ts'
import { isRunId, newRunId } from './log.ts'

/** The lease in a store of this process alone. */
const ALONE_MS = 600_000
const DEFAULTS = {
  path: '/runs',
  leaseMs: 5_000,
  keepMs: 600_000,
  maxRunChars: 4_194_304,
  batchMs: 25,
  maxRunning: 1_000,
  maxRunningPerOwner: 8,
}
type Settings = Required<Omit<RunsOptions, 'limits' | 'log' | 'expose'>> & {
  readonly limits: Limits
  readonly reporting: Reporting
}

/** Details of a run beside its id and its owner. */
interface RunDetails {
  readonly lastEventId?: string | undefined
  readonly refused?: (() => void) | undefined
  /** True when the store says so. */
  readonly hasEnded?: boolean | undefined
}

/**
 * Creates runs: answers that go on without a connection, until they end or are stopped.
 *
 * In      a store, by default in this process; `createRedisStore` for several nodes.
 * Ends    with `close()`.
 * Throws  nothing itself; each function says what it throws.
 *
 * @example
 * const runs = createRuns()
 * app.post('/chat', async (c) => {
 *   const run = await runs.start(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'), {
 *     owner: ownerOf(c),
 *   })
 *   return new EventStream(run)
 * })
 * app.route('/runs', runRoutes(runs))
 */
export function createRuns(options: RunsOptions = {}): Runs {
  const { store = createMemoryStore() } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const reporting = new Reporting(options.log, options.expose)
  // No other process waits for the lease of a store in this one, so one that starves loses nothing.
  const leaseMs = options.store ? DEFAULTS.leaseMs : ALONE_MS
  return new NodeRuns({ ...DEFAULTS, leaseMs, ...options, store, limits, reporting })
}

class NodeRuns implements Runs {
  readonly #settings: Settings
  readonly #slots = new Slots()
  /** Runs that this node produces or shows. */
  readonly #active = new Map<string, ActiveRun>()
  readonly #producers = new Set<Producer>()
  /** Run ids by owner and key: a second start of a key takes no slot and asks no store. */
  readonly #byKey = new Map<string, Promise<string>>()
  /** Callbacks that wait, such as for a database: `close` waits for them. */
  readonly #onEnds = new Set<Promise<unknown>>()
  #isClosed = false

  constructor(settings: Settings) {
    this.#settings = settings
    settings.store.useLog?.(settings.reporting.log)
  }

  async start(source: Source<unknown>, options: RunOptions): Promise<Run> {
    const { key } = options
    const owner = ownerText(options.owner)
    if (!owner) {
      const hint = 'Give the id of the signed-in user, or ownerOf(c).'
      const message = 'A run needs an owner, who may see and stop it.'
      throw new ConfigError('config/invalid', message, { hint })
    }
    if (key === undefined)
      return this.#claimed(await this.#begin(source, { ...options, owner }), owner)
    const name = JSON.stringify([owner, key])
    for (let other = this.#byKey.get(name); other; other = this.#byKey.get(name)) {
      const id = await other
      const run = this.#active.get(id)
      if (!(run instanceof Producer && run.snapshots.end)) return this.#claimed(id, owner)
      // Until its end is stored, the store would return it again.
      await run.stored
    }
    const id = this.#begin(source, { ...options, owner })
    this.#byKey.set(name, id)
    const free = (): unknown => this.#byKey.delete(name)
    void id.then((known) => this.#producerOf(known)?.stored).then(free, free)
    return this.#claimed(await id, owner)
  }

  subscribe(id: string, { owner, lastEventId }: SubscribeOptions): Run {
    return this.#run(id, ownerText(owner), { lastEventId })
  }

  async current({
    owner,
    key,
  }: Required<Pick<RunOptions, 'owner' | 'key'>>): Promise<Run | undefined> {
    const id = await callStore(this.#settings.store.current(ownerText(owner), key))
    if (id === undefined) return undefined
    const stored = this.#producerOf(id) ? undefined : await this.#findStored(id)
    return this.#run(id, ownerText(owner), { hasEnded: stored?.ended })
  }

  async stop(id: string, { owner }: Pick<SubscribeOptions, 'owner'>): Promise<void> {
    const run = this.#active.get(id) ?? (await this.#findStored(id))
    this.#checkOwner(id, run?.owner, ownerText(owner))
    const producer = this.#producerOf(id)
    if (producer) producer.stop('stopped')
    else await callStore(this.#settings.store.stop(id))
  }

  async health(): Promise<RunsHealth> {
    const store = await this.#storeHealth()
    let subscribers = 0
    for (const { snapshots } of this.#active.values()) subscribers += snapshots.subscribers
    return { store, running: this.#producers.size, subscribers }
  }

  async #storeHealth(): Promise<RunsHealth['store']> {
    const { store } = this.#settings
    const succeeds = (call: Promise<unknown>): Promise<boolean> =>
      callStore(call).then(
        () => true,
        () => false,
      )
    if (!(await succeeds(store.find(newRunId())))) return 'down'
    return store.probe === undefined || (await succeeds(store.probe())) ? 'up' : 'read-only'
  }

  async close(graceMs: number = 0): Promise<void> {
    this.#isClosed = true
    const settled = Promise.all([...this.#producers].map((producer) => producer.settled))
    const grace = new AbortController()
    void settled.then(() => grace.abort())
    if (graceMs > 0) await sleep(graceMs, grace.signal)
    for (const producer of this.#producers) producer.stop('interrupted')
    await settled
    await Promise.allSettled(this.#onEnds)
    for (const run of this.#active.values()) {
      // It goes on elsewhere, and so do its subscribers.
      run.snapshots.push(new EndMarker('shutdown'))
      run.onUnused()
    }
    this.#active.clear()
    await this.#settings.store.close()
  }

  /** The run that a start gives; it begins when its answer is decided. */
  #claimed(id: string, owner: string): Run {
    return this.#run(id, owner, { refused: this.#producerOf(id)?.claim() })
  }

  #run(id: string, owner: string, { lastEventId, refused, hasEnded = false }: RunDetails): Run {
    const shared = (): Snapshots | undefined => this.#active.get(id)?.snapshots
    let known = shared()
    return Object.freeze({
      id,
      path: `${this.#settings.path}/${id}`,
      get running(): boolean {
        known = shared() ?? known
        return !hasEnded && known?.end === undefined
      },
      shared,
      answered: (app: AppReporting) => this.#settings.reporting.adopt(app),
      ...(refused && { refused }),
      open: (context: StreamContext) =>
        this.#subscribe(id, owner, parseCursor(lastEventId ?? context.lastEventId)),
    })
  }

  #producerOf(id: string): Producer | undefined {
    const run = this.#active.get(id)
    return run instanceof Producer ? run : undefined
  }

  async #findStored(id: string): Promise<StoredRun | undefined> {
    return isRunId(id) ? callStore(this.#settings.store.find(id)) : undefined
  }

  async #subscribe(
    id: string,
    owner: string,
    from: number,
  ): Promise<AsyncGenerator<WithId, unknown>> {
    const known = this.#active.get(id) ?? (await this.#findStored(id))
    this.#checkOwner(id, known?.owner, owner)
    // Another subscriber may have come meanwhile.
    const run = this.#active.get(id) ?? watchRun(id, known as StoredRun, this.#settings)
    this.#active.set(id, run)
    if (run instanceof Producer) run.begin()
    return run.snapshots.subscribe(from, () => {
      if (run.snapshots.subscribers > 0) return
      run.onUnused()
      this.#forgetUnused(id, run)
    })
  }

  /** Throws what says that there is no such run, which is all that others than its owner may know. */
  #checkOwner(id: string, owner: string | undefined, asked: string): void {
    if (owner === asked) return
    if (owner !== undefined) {
      const message =
        'A run was asked for by another owner than the one of runs.start. If both are the same user, pass the same owner to runRoutes(runs, { owner }) and to runs.start.'
      this.#settings.reporting.log.warn({ run: id }, message)
    }
    throw new AccessError('run/unknown', 'Run not found.', {
      hint: 'A run is stored for a time after its end, and only its owner sees it.',
    })
  }

  #forgetUnused(id: string, run: ActiveRun): void {
    const isProduced = run instanceof Producer && this.#producers.has(run)
    if (!isProduced && run.snapshots.subscribers === 0) this.#active.delete(id)
  }

  #acquireSlot(owner: string): () => void {
    const { maxRunning, maxRunningPerOwner } = this.#settings
    if (this.#isClosed) throw new LimitError('limit/closing', 'The server is shutting down.', 2)
    if (this.#slots.countOf(owner) >= maxRunningPerOwner) {
      const message = `The ${maxRunningPerOwner} runs that one owner may have are running.`
      const hint =
        'Raise createRuns({ maxRunningPerOwner }), or give runs of one conversation a key.'
      throw new LimitError('limit/runs-per-owner', message, 5, { hint })
    }
    if (this.#slots.count >= maxRunning) {
      const hint = 'Raise createRuns({ maxRunning }), or add a server.'
      throw new LimitError('limit/runs', `The limit of ${maxRunning} runs is reached.`, 5, { hint })
    }
    return this.#slots.acquire(owner)
  }

  /** Stops a run. A function of its own: a store that keeps it keeps nothing else of the start. */
  #stopper(id: string): () => void {
    return () => this.#producerOf(id)?.stop('stopped')
  }

  #reportEnd(end: RunEnd, onEnd: RunOptions['onEnd']): void {
    const { reason, values } = end
    const { log } = this.#settings.reporting
    log.info({ reason, values }, 'run ended')
    callHook(
      () => {
        const stored = Promise.resolve(onEnd?.(reason, end))
        this.#onEnds.add(stored)
        return stored.finally(() => this.#onEnds.delete(stored))
      },
      (failure) => log.error({ err: failure }, 'onEnd of a run failed'),
    )
  }

  /** Out: id of the run that is running: the new one, or one with the same key on another node. */
  async #begin(source: Source<unknown>, options: RunOptions): Promise<string> {
    const { owner, key, onDisconnect, graceMs = 10_000, onError, onEnd } = options
    const { store, path, leaseMs, keepMs } = this.#settings
    const release = this.#acquireSlot(owner)
    const asyncContext = captureContext()
    const id = newRunId()
    const needsSubscribers = onDisconnect === 'cancel'
    const run = { id, owner, key, lease: newRunId(), leaseMs, keepMs, needsSubscribers }
    let running: string | undefined
    try {
      running = await callStore(store.start(run, this.#stopper(id)))
    } finally {
      if (running !== id) release()
    }
    if (running !== id) return running
    const producer = new Producer(run, source, {
      ...this.#settings,
      path: `${path}/${id}`,
      asyncContext,
      graceMs,
      limits: { ...this.#settings.limits, ...options.limits },
      onError,
      onEnd: (end) => {
        release()
        if (end) this.#reportEnd(end, onEnd)
      },
    })
    this.#producers.add(producer)
    this.#active.set(id, producer)
    void producer.settled.then(() => {
      this.#producers.delete(producer)
      this.#forgetUnused(id, producer)
    })
    if (this.#isClosed) producer.stop('interrupted')
    return id
  }
}

/** The owner as stores have it: the id of a user is often a number, which comes back as text. */
function ownerText(owner: string): string {
  return ['number', 'bigint'].includes(typeof owner) ? String(owner) : owner
}
