import { type AsyncContext, decision, outliveRequests } from '../shared/async-context.ts'
import { after, Notifier, now, sleep } from '../shared/clock.ts'
import { LimitError, type PublicError } from '../shared/errors.ts'
import { omitUndefined } from '../shared/hooks.ts'
import { failures, Fragment, snapshotKey } from '../fragments/fragment.ts'
import { EndMarker, type EndReason } from '../streams/end.ts'
import type { Reporting } from '../shared/log.ts'
import { reportFailure } from '../streams/failure.ts'
import { SourceReader, type Source } from '../streams/source.ts'
import { LogDecoder, LogEncoder } from './log.ts'
import type { ActiveRun } from './remote-run.ts'
import type { RunEnd, RunLimits, RunsOptions } from './runs.ts'
import { Snapshots } from './snapshots.ts'
import { callStore, type AppendResult, type NewRun } from './store.ts'

/** Lines that may wait for the store; then the source waits, too. */
const MAX_UNSTORED = 4_096
/** Lines of one append: a store serves no other node meanwhile. */
const MAX_BATCH = 1_000
/** A run whose request is not decided by then begins: it may be meant for no answer at all. */
const MAX_DECISION_MS = 5_000
/** The end of a run that never begins: all its answers are refused. */
const NEVER_BEGUN = new EndMarker('stopped')
/** Pause after an append that failed. */
const RETRY_MS = 100

type Settings = Required<Pick<RunsOptions, 'store' | 'batchMs' | 'maxRunChars' | 'path'>>

export interface ProducerOptions extends Settings {
  readonly reporting: Reporting
  readonly onError: ((error: unknown) => void) | undefined
  readonly asyncContext: AsyncContext
  readonly limits: Required<RunLimits>
  readonly graceMs: number
  /** Called when the run has ended on this node; with nothing when it never began. */
  readonly onEnd: (end: RunEnd | undefined) => void
}

/**
 * Produces one run: a loop reads the source and shows its values on this node, another appends them to the store. From
 * the start it holds the lease; the source is opened with `begin`.
 *
 * Ends    exactly once. A run that loses its lease is interrupted, because no other node can know that it goes on.
 */
export class Producer implements ActiveRun {
  readonly snapshots: Snapshots = new Snapshots()
  readonly #run: NewRun
  readonly #options: ProducerOptions
  readonly #reader: SourceReader<unknown>
  readonly #encoder = new LogEncoder()
  readonly #decoder = new LogDecoder()
  /** Snapshots that are not encoded yet: most are replaced before they are stored. */
  #waiting: Fragment[] = []
  readonly #lines: string[] = []
  readonly #pushed = new Notifier()
  readonly #stored = new Notifier()
  /** The failures of parts, one of which may end the run. */
  readonly #reported = new Map<unknown, PublicError>()
  #chars = 0
  /** The text of the answer so far. */
  #text = ''
  #end: EndMarker | undefined
  /** Lines that the store has. */
  #storedLines = 0
  /** Time at which the newest renewal of the lease left. */
  #renewedAt = now()
  /** The newest failure to store something. */
  #storeError: unknown
  /** True once the lease is lost: then nothing more is stored. */
  #isFenced = false
  /** Aborts when the run ends: cuts pauses short. */
  readonly #ended = new AbortController()
  #cancelGrace = (): void => {}
  #hasBegun = false
  /** Starts that wait for the decision about their answers. */
  #claims = 0
  #settle!: (done: Promise<unknown>) => void
  /** Resolves when the end is stored, or cannot be stored. */
  readonly stored: Promise<void>
  /** Resolves when the end is stored and the source is torn down. */
  readonly settled: Promise<unknown> = new Promise((resolve) => (this.#settle = resolve))

  constructor(run: NewRun, source: Source<unknown>, options: ProducerOptions) {
    const { path, asyncContext, reporting } = options
    const { log } = reporting
    this.#run = run
    this.#options = options
    const reading = { asyncContext, log, route: 'run', run: { id: run.id, path } }
    this.#reader = new SourceReader(source, reading)
    this.stored = this.#store()
  }

  /** Opens the source; the first call counts. */
  begin(): void {
    if (this.#hasBegun || this.#end !== undefined) return
    this.#hasBegun = true
    this.#options.asyncContext.run(() => {
      void this.#read()
      void this.#watchTime()
      this.onUnused()
    })
  }

  /**
   * Begins when the answers are decided that are being made now, at once when there are none.
   *
   * Out     a function that takes the start back; when all are, the run ends without having begun.
   */
  claim(): () => void {
    this.#claims += 1
    let isClaimed = true
    const giveBack = (): void => {
      if (isClaimed) this.#claims -= 1
      isClaimed = false
      if (this.#claims === 0 && !this.#hasBegun) this.#finish(NEVER_BEGUN)
    }
    outliveRequests(this.settled)
    const decided = decision()
    if (decided === undefined) this.begin()
    else {
      const late = sleep(MAX_DECISION_MS, this.#ended.signal).then(() => true)
      void Promise.race([decided, late]).then(
        (isWanted) => isClaimed && (isWanted ? this.begin() : giveBack()),
      )
    }
    return giveBack
  }

  get owner(): string {
    return this.#run.owner
  }

  /** Ends the run from outside; its values stay. */
  stop(reason: EndReason): void {
    this.#finish(new EndMarker(reason))
  }

  /** Stops a run that needs subscribers if it gets none in time, on any node. */
  onUnused(): void {
    this.#cancelGrace()
    if (!this.#run.needsSubscribers || this.#end !== undefined) return
    this.#cancelGrace = after(this.#options.graceMs, async () => {
      const result = await this.#append([], false).catch(() => undefined)
      if (this.snapshots.subscribers > 0) return
      if (result?.status === 'ok' && !result.hasSubscribers) this.stop('disconnected')
      else this.onUnused()
    })
  }

  /** Values that the store does not have, and the end. */
  get #unstored(): number {
    return this.#waiting.length + this.#lines.length - this.#storedLines
  }

  async #read(): Promise<void> {
    const { maxRunChars } = this.#options
    try {
      while (this.#end === undefined) {
        const { done, value } = await this.#reader.next()
        if (this.#end !== undefined) return
        // A process that was paused continues here before its timers fire.
        if (this.#leaseMs() === 0) this.#interrupt()
        else if (done) this.#finish(new EndMarker('done', { final: value }))
        else this.#push(value)
        if (this.#chars > maxRunChars) this.stop('limit')
        while (!this.#end && this.#unstored > MAX_UNSTORED) await this.#stored.wait()
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #push(value: unknown): void {
    if (value instanceof Fragment) {
      this.#reportPart(value)
      this.#text = value.text ?? this.#text
    } else if (typeof value === 'string') this.#text += value
    if (value instanceof Fragment && snapshotKey(value) !== undefined) {
      this.#waiting.push(value)
      this.snapshots.push(value)
    } else {
      this.#encodeWaiting()
      const line = this.#encoder.value(value)
      this.#addLine(line)
      // Read back, so that it is the same on every node, whatever becomes of the object.
      this.snapshots.push(value instanceof Fragment ? value : this.#decoder.decode(line))
    }
    this.#pushed.notify()
  }

  /** Encodes the newest snapshots. Of one that was replaced only the position is stored. */
  #encodeWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const newest = new Map(waiting.map((fragment) => [snapshotKey(fragment), fragment]))
    for (const fragment of waiting) {
      const isReplaced = !fragment.final && newest.get(snapshotKey(fragment)) !== fragment
      this.#addLine(this.#encoder.value(fragment, isReplaced))
    }
  }

  #addLine(line: string): void {
    this.#lines.push(line)
    this.#chars += line.length
  }

  async #store(): Promise<void> {
    const { batchMs, maxRunChars, reporting } = this.#options
    const { log } = reporting
    while (this.#leaseMs() > 0) {
      if (this.#unstored === 0) await this.#pushed.wait(this.#run.leaseMs / 3)
      try {
        this.#encodeWaiting()
        if (this.#chars > maxRunChars) this.stop('limit')
      } catch (error) {
        this.#fail(error)
      }
      const lines = this.#lines.slice(this.#storedLines, this.#storedLines + MAX_BATCH)
      const last =
        this.#end !== undefined && this.#storedLines + lines.length === this.#lines.length
      try {
        const sentAt = now()
        const result = await this.#append(lines, last)
        if (result.status === 'fenced') break
        if (result.status === 'ok') {
          if (last) return
          this.#renewedAt = sentAt
          if (result.stopRequested) this.stop('stopped')
        }
        this.#storedLines =
          result.status === 'gap' ? result.storedLines : this.#storedLines + lines.length
        this.#stored.notify()
        await sleep(batchMs, this.#ended.signal)
      } catch (error) {
        this.#storeError = error instanceof LimitError ? error.cause : error
        log.debug({ route: 'run', err: error }, 'a run could not be stored yet')
        await sleep(Math.min(RETRY_MS, this.#leaseMs()))
      }
    }
    if (this.#end === undefined) this.#interrupt()
    else log.warn({ route: 'run' }, 'the end of a run could not be stored')
  }

  #append(lines: readonly string[], last: boolean): Promise<AppendResult> {
    const { id, lease } = this.#run
    const from = this.#storedLines + 1
    const forget = last && this.#end === NEVER_BEGUN
    const added = { lease, from, lines, last, ...(forget && { forget }) }
    const answer = this.#options.store.append(id, added)
    return callStore(answer, this.#leaseMs())
  }

  async #watchTime(): Promise<void> {
    const { maxDurationMs, idleSourceMs } = this.#options.limits
    const limitAt = now() + maxDurationMs
    while (this.#end === undefined) {
      const idleAt = (this.#reader.waitingSince ?? now()) + idleSourceMs
      if (now() >= limitAt) this.stop('limit')
      else if (now() >= idleAt) this.stop('timeout')
      else await sleep(Math.min(limitAt, idleAt) - now(), this.#ended.signal)
    }
  }

  /** How long the lease still lives, 0 if it is lost. */
  #leaseMs(): number {
    if (this.#isFenced) return 0
    return Math.max(0, this.#renewedAt + this.#run.leaseMs - now())
  }

  #interrupt(): void {
    this.#isFenced = true
    const message = `a run lost its lease of ${this.#run.leaseMs} ms and was interrupted`
    const why = this.#storeError === undefined ? {} : { err: this.#storeError }
    this.#options.reporting.log.warn({ route: 'run', ...why }, message)
    this.#finish(new EndMarker('interrupted'))
  }

  /** Reports why the context of a fragment could not be made, once for all who are shown it. */
  #reportPart(fragment: Fragment): void {
    const failure = failures.get(fragment)
    if (failure === undefined || failure.publicError) return
    const publicError = this.#report(failure.error)
    this.#reported.set(failure.error, publicError)
    failures.set(fragment, { ...failure, publicError })
  }

  #report(error: unknown): PublicError {
    const { reporting, onError } = this.#options
    const { log, expose } = reporting
    return reportFailure(error, { route: 'run', log, expose, onError })
  }

  #fail(error: unknown): void {
    if (this.#end !== undefined) return
    const publicError = this.#reported.get(error) ?? this.#report(error)
    this.#finish(new EndMarker('error', { publicError, error }))
  }

  #finish(end: EndMarker): void {
    if (this.#end !== undefined) return
    try {
      if (!this.#isFenced) this.#encodeWaiting()
      // JSON may be unable to hold the final value.
      if (!this.#isFenced) this.#addLine(this.#encoder.end(end))
    } catch (error) {
      return this.#fail(error)
    }
    this.#end = end
    this.#ended.abort()
    this.#cancelGrace()
    this.#settle(Promise.all([this.stored, this.#reader.close()]))
    this.snapshots.push(end)
    this.#pushed.notify()
    this.#stored.notify()
    const { asyncContext, onEnd } = this.#options
    const { reason, error, final } = end
    const counts = { text: this.#text, values: this.snapshots.last }
    const all = { reason, ...omitUndefined({ error, final }), ...counts }
    asyncContext.run(() => onEnd(end === NEVER_BEGUN ? undefined : all))
  }
}
