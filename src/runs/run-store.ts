/** A run that is about to begin. */
export interface NewRun {
  readonly id: string
  /** Who may see it and stop it. */
  readonly owner: string
  /** Only one run of this name may be running for its owner. */
  readonly key: string | undefined
  /** The word by which its producer is known: nobody else may append. */
  readonly lease: string
  /** How long the lease lives without being renewed. */
  readonly leaseMs: number
  /** How long the run is kept when nothing is appended any more. */
  readonly keepMs: number
  /** It ends when nobody reads it, so whoever reads it elsewhere has to say so. */
  readonly attended: boolean
}

/** What a store knows of a run, but what its source said. */
export interface KnownRun {
  readonly owner: string
  readonly attended: boolean
  /** Values in its log, without its end. */
  readonly values: number
}

/** Some lines of a log, to be put at its end. */
export interface Addition {
  readonly lease: string
  /** The position of the first of the lines; positions count from 1. */
  readonly from: number
  readonly lines: readonly string[]
  /** The last of the lines is the end of the run: it is no longer leased, and its key is free. */
  readonly last: boolean
}

/**
 * What came of an addition. `kept`: it is there, and the lease is renewed; what was there already is skipped, so that
 * it may be tried again. `gap`: the store has lost lines and ends at `seq`; they have to be added again. `fenced`: the
 * lease is another's, or nobody's.
 */
export type Added =
  | { readonly kept: true; readonly stop: boolean; readonly attended: boolean }
  | { readonly kept: false; readonly gap: number }
  | { readonly kept: false; readonly gap?: never }

/**
 * Where runs are kept. It holds logs of lines and knows nothing of what they say. Each method may reject when the store
 * cannot be reached; then nothing is known, and it may be tried again.
 */
export interface RunStore {
  /**
   * Begins a run, unless one with the same owner and key is running.
   *
   * Out     the id of the run that runs now: this one's, or that one's.
   * @param onStop Called when somebody wants it stopped, wherever he asks.
   */
  start(run: NewRun, onStop: () => void): Promise<string>
  /** Adds lines and renews the lease; no lines only renew. */
  append(id: string, addition: Addition): Promise<Added>
  find(id: string): Promise<KnownRun | undefined>
  /** The id of the newest run of this name, running or not, as long as it is kept. */
  current(owner: string, key: string): Promise<string | undefined>
  /** Asks the producer to stop. */
  stop(id: string): Promise<void>
  /**
   * Ends a run whose producer is gone: adds this line when its lease has run out and it has no end. Once, whoever asks.
   *
   * Out     false when there is no such run any more.
   */
  interrupt(id: string, line: string): Promise<boolean>
  /** Says that somebody reads the run. */
  attend(id: string, forMs: number): Promise<void>
  /** Hands out the lines of a log in their order, from the first, and those that follow; until it is told not to. */
  watch(id: string, onLines: (lines: readonly string[]) => void): () => void
  /** Lets go of connections and timers. What is kept stays. */
  close(): Promise<void>
}
