import { Alarm } from '../shared/alarm.ts'
import { captureContext } from '../shared/async-context.ts'
import { callHook } from '../shared/call-hook.ts'
import { after, now } from '../shared/clock.ts'
import { AccessError, ConfigError, LimitError } from '../shared/errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../shared/limits.ts'
import { silent, type Log } from '../shared/log.ts'
import { EndMarker } from '../streams/end.ts'
import type { WithId } from '../streams/source.ts'
import type { Resumable, Source, StreamContext } from '../streams/source.ts'
import type { EndReason } from '../streams/end.ts'
import { createDecoder, createEncoder } from './codec.ts'
import { follow } from './follow.ts'
import { createMemoryStore } from './memory-store.ts'
import { Producer } from './producer.ts'
import { isRunId, newRunId, positionOf } from './run-id.ts'
import type { KnownRun, RunStore } from './run-store.ts'
import { View } from './view.ts'

/** A store that has not answered for so long is away. */
const STORE_MS = 2_000
/** Viewers wait so long for a store that is away; then they are told that the answer was cut. */
const AWAY_MS = 30_000

const INTERRUPTED = new EndMarker('interrupted')
const INTERRUPTED_LINE = createEncoder().end(INTERRUPTED)

/** Where runs are kept, how long, and how many of them there may be. */
export interface RunsOptions {
  /** Where runs are kept. Default: in this process. */
  readonly store?: RunStore
  /** Where the app serves them: a run's `path` is this and its id. Default `/runs`. */
  readonly path?: string
  /** After this long without a sign of life a producer counts as dead. Default 5,000. */
  readonly leaseMs?: number
  /** How long a run is kept after its end. Default 600,000 (ten minutes). */
  readonly keepMs?: number
  /** Most that one run may say; then it ends with `limit`. Default 4,194,304. */
  readonly maxRunChars?: number
  /** How long lines are gathered before they go into the store. Default 25. */
  readonly batchMs?: number
  /** Runs that may be running on this node; one more gets 503. Default 1,000. */
  readonly maxRunning?: number
  /** Runs of one owner that may be running on this node; one more gets 429. Default 8. */
  readonly maxRunningPerOwner?: number
  /** The limits of a source that differ from the default ones. */
  readonly limits?: RunLimits
  readonly log?: Log
  /** Show causes to clients: for development. Default false. */
  readonly expose?: boolean
}

/** What bounds the source of a run: its longest life and its longest silence. */
export type RunLimits = Partial<Pick<Limits, 'maxDurationMs' | 'idleSourceMs'>>

/** Whose run it is, and when it is stopped. */
export interface RunOptions {
  /** Who may see the run and stop it; nobody else can learn that it is there. */
  readonly owner: string
  /** What it belongs to, such as a conversation: of this name only one runs at a time, a second start gives the first. */
  readonly key?: string
  /** What it means when nobody looks on any more: it goes on (`detach`, the default), or it is stopped (`cancel`). */
  readonly onDisconnect?: 'cancel' | 'detach'
  /** How long nobody may look on before `cancel` counts: reloading a page takes a moment. Default 10,000. */
  readonly graceMs?: number
  readonly limits?: RunLimits
  /** Called once with what failed. Clients see only a code and an id. */
  readonly onError?: (error: unknown) => void
  /** Called once when the source is done with, on the node that read it. */
  readonly onEnd?: (reason: EndReason) => void
}

/** One answer that outlives its connection: `new EventStream(run)` shows it to whoever asks. */
export interface Run extends Resumable {
  readonly id: string
  /** Where it is found again. */
  readonly path: string
  /** What was said so far, the newest state of each block, and what follows. */
  open(context: StreamContext): Promise<AsyncIterableIterator<WithId, unknown>>
}

/** Who looks on, and from where. */
export interface SubscribeOptions {
  readonly owner: string
  /** Where the viewer was. Default: what his browser says. */
  readonly lastEventId?: string
}

/** How the runs of one node are: for a health check. */
export interface RunsHealth {
  /** Whether the store answers. */
  readonly store: 'up' | 'down'
  /** Runs whose source is read by this node. */
  readonly running: number
  /** Viewers on this node, of all runs. */
  readonly subscribers: number
}

/** The runs of one node. */
export interface Runs {
  /**
   * Starts a run; its source is read from now on, whoever looks on.
   *
   * Out     the run; of an equal key that runs already, that one, and the new source is never opened. On the node that
   *         reads it, that asks no store and takes no place.
   * Throws  LimitError `limit/runs-per-owner` (429), `limit/runs`, `limit/closing`, `run/store-away` (503); ConfigError
   *         without an owner.
   */
  start(source: Source<unknown>, options: RunOptions): Promise<Run>
  /**
   * A run to look at, also when it has ended.
   *
   * Throws  AccessError `run/unknown` (404) and LimitError `run/store-away` (503), when it is opened.
   */
  subscribe(id: string, options: SubscribeOptions): Run
  /**
   * The run of a key that is running, or the last one as long as it is kept: what a page shows that is loaded again.
   *
   * Throws  LimitError `run/store-away` (503).
   */
  current(options: { readonly owner: string; readonly key: string }): Promise<Run | undefined>
  /** Stops a run, on whatever node it is; what was written stays. Throws as `follow`, at once. */
  stop(id: string, options: Pick<SubscribeOptions, 'owner'>): Promise<void>
  health(): Promise<RunsHealth>
  /**
   * Ends what this node reads, as interrupted, so that no viewer waits for it; and closes the store.
   *
   * @param graceMs How long the sources may go on to come to their own end. Default 0.
   */
  close(graceMs?: number): Promise<void>
}

/** A run that this node reads or shows. */
interface Live {
  readonly id: string
  readonly owner: string
  readonly attended: boolean
  readonly view: View
  viewers: number
  /** Reads it, on this node. */
  producer?: Producer
  graceMs: number
  /** Stops waiting for somebody to look on again. */
  forgetGrace?: (() => void) | undefined
  /** Stops reading the log, of a run of another node. */
  unwatch?: () => void
  heardAt: number
}

/**
 * Keeps answers apart from the connections that show them: a lost connection cancels nothing, Stop does.
 *
 * In      a store, by default in this process; `createRedisStore` where there are several.
 * Ends    with `close()`.
 * Throws  nothing by itself; what it gives says what each of its functions throws.
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
  const {
    store = createMemoryStore(),
    path = '/runs',
    leaseMs = 5_000,
    keepMs = 600_000,
    maxRunChars = 4_194_304,
    batchMs = 25,
    maxRunning = 1_000,
    maxRunningPerOwner = 8,
    log = silent,
    expose = false,
  } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const pollMs = leaseMs / 4
  const shown = new Map<string, Live>()
  const running = new Map<string, number>()
  const producers = new Set<Producer>()
  /** What this node starts or reads, by owner and key: whoever asks for the same needs no place of his own. */
  const keyed = new Map<string, Promise<string>>()
  let starting = 0
  let closed = false
  let awaySince: number | undefined
  const rounds = new Alarm(() => void goRound())

  /** Asks the store, and gives up on one that does not answer. */
  const asked = async <T>(call: () => Promise<T>): Promise<T> => {
    let cancel = (): void => {}
    const tooLate = new Promise<never>((_, reject) => {
      cancel = after(STORE_MS, () => reject(new Error(`No answer within ${STORE_MS} ms.`)))
    })
    try {
      const answer = await Promise.race([call(), tooLate])
      awaySince = undefined
      return answer
    } catch (error) {
      awaySince ??= now()
      throw new LimitError('run/store-away', 'The store of the runs does not answer.', 2, {
        hint: 'See whether it runs, and runs.health() for when it is back.',
        cause: error,
      })
    } finally {
      cancel()
    }
  }

  const unknown = (): AccessError =>
    new AccessError('run/unknown', 'There is no such run, or none of this owner.', {
      hint: 'Runs are kept for a time after their end, and shown to the owner who started them only.',
    })

  const known = async (id: string, owner: string): Promise<Live | KnownRun> => {
    const live = shown.get(id)
    const run = live ?? (isRunId(id) ? await asked(() => store.find(id)) : undefined)
    if (run === undefined || run.owner !== owner) throw unknown()
    return run
  }

  /** The run as this node shows it to all its viewers. */
  const show = async (id: string, owner: string): Promise<Live> => {
    const run = await known(id, owner)
    // Another viewer may have asked meanwhile.
    const live = 'view' in run ? run : shown.get(id)
    if (live) return live
    const { attended, values } = run as KnownRun
    return watch({ id, owner, attended, view: new View(values), viewers: 0, graceMs: 0 })
  }

  const watch = (run: Omit<Live, 'heardAt'>): Live => {
    const live: Live = { ...run, heardAt: now() }
    const decode = createDecoder()
    shown.set(run.id, live)
    live.unwatch = store.watch(run.id, (lines) => {
      live.heardAt = now()
      for (const line of lines) live.view.take(decode(line))
    })
    if (live.attended) void tell(live)
    rounds.advance(now() + pollMs)
    return live
  }

  /** Looks after the runs of other nodes: whether their producers live, and that those hear of our viewers. */
  const goRound = async (): Promise<void> => {
    const others = [...shown.values()].filter(
      ({ unwatch, view }) => unwatch !== undefined && view.ended === undefined,
    )
    if (others.length > 0) rounds.advance(now() + pollMs)
    await Promise.all(others.map((live) => Promise.all([check(live), live.attended && tell(live)])))
  }
  const check = async (live: Live): Promise<void> => {
    if (now() - live.heardAt < pollMs) return
    try {
      const isThere = await asked(() => store.interrupt(live.id, INTERRUPTED_LINE))
      if (!isThere) live.view.take(INTERRUPTED)
    } catch (error) {
      if (now() - awaySince! < AWAY_MS) return
      log.error(
        { err: error },
        'the store of the runs is away for too long, their viewers are told',
      )
      live.view.take(INTERRUPTED)
    }
  }
  const tell = (live: Live): Promise<unknown> =>
    asked(() => store.attend(live.id, leaseMs)).catch(() => {})

  const join = (live: Live, from: number): AsyncIterableIterator<WithId, unknown> => {
    live.viewers += 1
    live.forgetGrace?.()
    return follow(live.view, from, () => {
      live.viewers -= 1
      if (live.viewers > 0) return
      if (live.producer) awaitViewers(live)
      else forget(live)
    })
  }
  const forget = (live: Live): void => {
    if (shown.get(live.id) === live) shown.delete(live.id)
    live.unwatch?.()
  }

  /** Stops a run that nobody looks at, here or elsewhere, when its time is over. */
  const awaitViewers = (live: Live): void => {
    live.forgetGrace?.()
    if (!live.attended || live.view.ended) return
    live.forgetGrace = after(live.graceMs, async () => {
      const elsewhere = await live.producer?.attended().catch(() => true)
      if (live.viewers > 0 || live.view.ended) return
      if (elsewhere) awaitViewers(live)
      else live.producer?.stop('disconnected')
    })
  }

  const runOf = (id: string, owner: string, lastEventId?: string): Run =>
    Object.freeze({
      id,
      path: `${path}/${id}`,
      crowd: () => shown.get(id),
      async open(context: StreamContext) {
        let live = await show(id, owner)
        // Its last viewer may have left in this very moment.
        while (shown.get(id) !== live) live = await show(id, owner)
        return join(live, positionOf(lastEventId ?? context.lastEventId))
      },
    })

  /** Takes a place among the running ones; gives a function that gives it back. */
  const takePlace = (owner: string): (() => void) => {
    if (closed) throw new LimitError('limit/closing', 'The server is shutting down.', 2)
    const own = running.get(owner) ?? 0
    if (own >= maxRunningPerOwner) {
      throw new LimitError(
        'limit/runs-per-owner',
        `This owner has ${own} runs running, which is all it may.`,
        5,
        {
          hint: 'Raise createRuns({ maxRunningPerOwner }), or give the runs of one conversation a key.',
        },
      )
    }
    if (starting >= maxRunning) {
      throw new LimitError(
        'limit/runs',
        `${starting} runs are running, which is all there may.`,
        5,
        {
          hint: 'Raise createRuns({ maxRunning }), or add a server.',
        },
      )
    }
    starting += 1
    running.set(owner, own + 1)
    return () => {
      starting -= 1
      const rest = running.get(owner)! - 1
      if (rest > 0) running.set(owner, rest)
      else running.delete(owner)
    }
  }

  /** Out: the run's id; of an equal key that runs on another node, that one's. */
  const begin = async (
    source: Source<unknown>,
    { owner, key, onDisconnect = 'detach', graceMs = 10_000, ...own }: RunOptions,
  ): Promise<string> => {
    const leave = takePlace(owner)
    const [id, lease] = [newRunId(), newRunId()]
    const attended = onDisconnect === 'cancel'
    const asyncContext = captureContext()
    const view = new View()
    let producer: Producer | undefined
    let runs: string
    try {
      runs = await asked(() =>
        store.start({ id, owner, key, lease, leaseMs, keepMs, attended }, () =>
          producer?.stop('stopped'),
        ),
      )
    } catch (error) {
      leave()
      throw error
    }
    if (runs !== id) {
      leave()
      return runs
    }
    const live: Live = { id, owner, attended, view, viewers: 0, graceMs, heardAt: now() }
    producer = new Producer({
      id,
      path: `${path}/${id}`,
      lease,
      source,
      asyncContext,
      store,
      view,
      leaseMs,
      batchMs,
      maxRunChars,
      limits: { ...limits, ...own.limits },
      log,
      expose,
      onError: own.onError,
      onEnd: ({ reason }) => {
        leave()
        live.forgetGrace?.()
        log.info({ reason, values: view.last }, 'run ended')
        callHook(
          () => own.onEnd?.(reason),
          (failure) => log.error({ err: failure }, 'onEnd of a run failed'),
        )
      },
    })
    const made = producer
    live.producer = made
    producers.add(made)
    shown.set(id, live)
    void made.settled.then(() => {
      producers.delete(made)
      delete live.producer
      if (live.viewers === 0) forget(live)
    })
    made.start()
    awaitViewers(live)
    if (closed) made.stop('interrupted')
    return id
  }

  return {
    async start(source, run) {
      const { owner, key } = run
      if (!owner) {
        throw new ConfigError(
          'config/invalid',
          'A run needs an owner: only he may see it and stop it.',
          {
            hint: 'Give the id of who is signed in, or ownerOf(c).',
          },
        )
      }
      if (key === undefined) return runOf(await begin(source, run), owner)
      const name = JSON.stringify([owner, key])
      for (let other = keyed.get(name); other; other = keyed.get(name)) {
        const id = await other
        if (keyed.get(name) !== other) continue
        const live = shown.get(id)
        if (live?.view.ended === undefined) return runOf(id, owner)
        // Until its end is stored, the store would give it once more.
        await live.producer?.stored
        if (keyed.get(name) === other) keyed.delete(name)
      }
      const begun = begin(source, run)
      keyed.set(name, begun)
      const free = (): void => {
        if (keyed.get(name) === begun) keyed.delete(name)
      }
      try {
        const id = await begun
        void Promise.resolve(shown.get(id)?.producer?.stored).then(free)
        return runOf(id, owner)
      } catch (error) {
        free()
        throw error
      }
    },
    subscribe: (id, { owner, lastEventId }) => runOf(id, owner, lastEventId),
    async current({ owner, key }) {
      const id = await asked(() => store.current(owner, key))
      return id === undefined ? undefined : runOf(id, owner)
    },
    async stop(id, { owner }) {
      const run = await known(id, owner)
      if ('view' in run && run.producer) run.producer.stop('stopped')
      else await asked(() => store.stop(id))
    },
    async health() {
      const answers = await asked(() => store.find(newRunId())).then(
        () => true,
        () => false,
      )
      let subscribers = 0
      for (const live of shown.values()) subscribers += live.viewers
      return { store: answers ? 'up' : 'down', running: producers.size, subscribers }
    },
    async close(graceMs = 0) {
      closed = true
      const settled = Promise.all([...producers].map(({ settled: done }) => done))
      if (graceMs > 0 && producers.size > 0) {
        let cancel = (): void => {}
        const graceOver = new Promise<void>((resolve) => (cancel = after(graceMs, resolve)))
        await Promise.race([settled, graceOver])
        cancel()
      }
      for (const producer of producers) producer.stop('interrupted')
      await settled
      rounds.clear()
      // Those who still look on go on elsewhere.
      for (const live of shown.values()) {
        live.view.take(new EndMarker('shutdown'))
        forget(live)
      }
      await store.close()
    },
  }
}
