import { Alarm } from '../shared/alarm.ts'
import type { AsyncContext } from '../shared/async-context.ts'
import { now, turn } from '../shared/clock.ts'
import type { Limits } from '../shared/limits.ts'
import type { Log } from '../shared/log.ts'
import { said } from '../shared/said.ts'
import { EndMarker } from '../streams/end.ts'
import { reportFailure } from '../streams/failure.ts'
import { SourceReader, type Source } from '../streams/source.ts'
import type { EndReason } from '../streams/end.ts'
import { createDecoder, createEncoder } from './codec.ts'
import type { Added, RunStore } from './run-store.ts'
import type { View } from './view.ts'

/** So many lines may wait for the store; then the source waits, too. */
const MOST_UNKEPT = 4_096
/** So many lines are kept in one go: nobody else is served by a store meanwhile. */
const MOST_AT_ONCE = 1_000
/** After a store failed, it is asked again this much later. */
const RETRY_MS = 100

export interface ProducerOptions {
  readonly id: string
  readonly path: string
  readonly lease: string
  readonly source: Source<unknown>
  readonly asyncContext: AsyncContext
  readonly store: RunStore
  readonly view: View
  readonly leaseMs: number
  readonly batchMs: number
  readonly maxRunChars: number
  readonly limits: Pick<Limits, 'maxDurationMs' | 'idleSourceMs'>
  readonly log: Log
  readonly expose: boolean
  readonly onError: ((error: unknown) => void) | undefined
  /** The source has ended or was left, and everybody here knows how. */
  readonly onEnd: (ended: EndMarker) => void
}

/**
 * Reads the source of one run, whoever looks on. What it says is told here at once, and kept in the store a little
 * later, many lines at a time.
 *
 * Ends    exactly once: by itself, by a failure, a limit or a deadline, when it is stopped, or when the lease is lost.
 *         Nobody else can know then that this one still goes on, so it does not: no answer is paid for twice.
 */
export class Producer {
  readonly #options: ProducerOptions
  #isAsking = false
  readonly #reader: SourceReader<unknown>
  readonly #encode = createEncoder()
  readonly #decode = createDecoder()
  readonly #alarm = new Alarm(() => this.#rung())
  readonly #startedAt = now()
  readonly #lines: string[] = []
  #chars = 0
  /** So many of the lines are in the store. */
  #kept = 0
  #keeping = false
  /** The store is not asked before. */
  #keepAt = -Infinity
  /** The store knew then that we live. */
  #renewedAt = this.#startedAt
  #askedAt: number | undefined
  #ended: EndMarker | undefined
  #over = false
  #torn!: () => void
  #done!: () => void
  /** Resolves when the end is in the store, or cannot get there. */
  readonly stored: Promise<void> = new Promise((resolve) => (this.#done = resolve))
  /** The same, and the source is torn down. */
  readonly settled: Promise<unknown> = Promise.all([
    new Promise<void>((resolve) => (this.#torn = resolve)),
    this.stored,
  ])

  constructor(options: ProducerOptions) {
    const { source, asyncContext, id, path } = options
    this.#options = options
    const { log } = options
    this.#reader = new SourceReader(source, { asyncContext, log, route: 'run', run: { id, path } })
  }

  start(): void {
    this.#ask()
    this.#check()
  }

  /** Ends the run from outside; what was said stays. */
  stop(reason: EndReason): void {
    this.#end(new EndMarker(reason))
  }

  /** Renews the lease now. Out: whether somebody reads the run on another node. */
  async attended(): Promise<boolean> {
    const added = await this.#append([], false)
    return added.kept && added.attended
  }

  #ask(): void {
    if (this.#ended !== undefined || this.#lines.length - this.#kept > MOST_UNKEPT) return
    const others = turn()
    if (others) void others.then(() => this.#askNow())
    else this.#askNow()
  }

  #askNow(): void {
    if (this.#ended !== undefined || this.#isAsking) return
    this.#askedAt = now()
    this.#isAsking = true
    void this.#reader.next().then(
      (step) => this.#heard(step),
      (error: unknown) => this.#heard({ error }),
    )
  }

  #heard(answer: IteratorResult<unknown, unknown> | { readonly error: unknown }): void {
    this.#isAsking = false
    this.#askedAt = undefined
    if (this.#ended !== undefined) return
    // A process that was paused hears its source before its alarms.
    if (this.#lost()) return this.#giveUp()
    if ('error' in answer) return this.#failed(answer.error)
    if (answer.done) return this.#finished(answer.value)
    try {
      this.#say(this.#encode.value(answer.value))
    } catch (error) {
      return this.#failed(error)
    }
    if (this.#chars > this.#options.maxRunChars) return this.stop('limit')
    this.#keepSoon()
    this.#ask()
  }

  /** Also here it is read back from the log, so that an answer looks the same on every node. */
  #say(line: string): void {
    this.#options.view.take(this.#decode(line))
    this.#lines.push(line)
    this.#chars += line.length
  }

  #failed(error: unknown): void {
    const { log, expose, onError } = this.#options
    const publicError = reportFailure(error, { route: 'run', log, expose, onError })
    this.#end(new EndMarker('error', { publicError, error }))
  }

  #finished(final: unknown): void {
    const ended = new EndMarker('done', { final })
    try {
      this.#encode.end(ended)
    } catch (error) {
      return this.#failed(error)
    }
    this.#end(ended)
  }

  #end(ended: EndMarker, keep = true): void {
    if (this.#ended !== undefined) return
    this.#ended = ended
    const { view, onEnd } = this.#options
    void this.#reader.close().then(this.#torn)
    view.take(ended)
    if (keep) {
      this.#lines.push(this.#encode.end(ended))
      this.#keepAt = Math.min(this.#keepAt, now())
      this.#keepSoon()
    } else this.#finish()
    onEnd(ended)
  }

  /** There is nothing more to be kept. */
  #finish(): void {
    this.#over = true
    this.#alarm.clear()
    this.#done()
  }

  /** Nobody may believe any more that we live: what we say now would be said twice. */
  #lost(): boolean {
    return now() - this.#renewedAt >= this.#options.leaseMs
  }

  #giveUp(): void {
    const { log, leaseMs } = this.#options
    if (this.#ended === undefined) {
      log.warn({ route: 'run' }, `a run lost its lease of ${leaseMs} ms, and was interrupted`)
      return this.#end(new EndMarker('interrupted'), false)
    }
    log.warn({ route: 'run' }, 'the end of a run could not be kept')
    this.#finish()
  }

  /** Now, or when the store may be asked again. */
  #keepSoon(): void {
    if (this.#keeping || this.#over) return
    if (this.#keepAt <= now()) void this.#keep()
    else this.#alarm.advance(this.#keepAt)
  }

  async #keep(): Promise<void> {
    this.#keeping = true
    const sentAt = now()
    this.#keepAt = sentAt + this.#options.batchMs
    const lines = this.#lines.slice(this.#kept, this.#kept + MOST_AT_ONCE)
    const last = this.#ended !== undefined && this.#kept + lines.length === this.#lines.length
    try {
      const added = await this.#append(lines, last)
      this.#keeping = false
      if (this.#over) return
      if (added.kept) {
        this.#renewedAt = sentAt
        this.#kept += lines.length
        if (last) return this.#finish()
        if (added.stop) this.stop('stopped')
      } else if (added.gap === undefined) return this.#giveUp()
      // The store has lost some: they are said again.
      else this.#kept = added.gap
    } catch (error) {
      this.#keeping = false
      if (this.#over) return
      this.#options.log.debug({ route: 'run' }, `a run could not be kept yet: ${said(error)}`)
      this.#keepAt = now() + RETRY_MS
    }
    if (this.#kept < this.#lines.length) this.#keepSoon()
    this.#ask()
    this.#check()
  }

  #append(lines: readonly string[], last: boolean): Promise<Added> {
    const { store, id, lease } = this.#options
    return store.append(id, { lease, from: this.#kept + 1, lines, last })
  }

  #rung(): void {
    if (this.#over) return
    if (this.#lost()) return this.#giveUp()
    const at = now()
    const { limits, leaseMs } = this.#options
    if (at - this.#startedAt >= limits.maxDurationMs) this.stop('limit')
    else if (this.#askedAt !== undefined && at - this.#askedAt >= limits.idleSourceMs)
      this.stop('timeout')
    const due = this.#kept < this.#lines.length || at - this.#renewedAt >= leaseMs / 3
    if (due) this.#keepSoon()
    this.#check()
  }

  /** Sets the alarm for the next thing that time alone can bring. */
  #check(): void {
    if (this.#over) return
    const { limits, leaseMs } = this.#options
    const at = now()
    const renewAt = Math.max(this.#renewedAt + leaseMs / 3, this.#keepAt)
    this.#alarm.advance(
      Math.min(
        this.#renewedAt + leaseMs,
        this.#keeping ? Infinity : Math.max(renewAt, at),
        this.#ended === undefined ? this.#startedAt + limits.maxDurationMs : Infinity,
        this.#askedAt === undefined ? Infinity : this.#askedAt + limits.idleSourceMs,
        // What is asked later ends later, too.
        at + limits.idleSourceMs,
      ),
    )
  }
}
