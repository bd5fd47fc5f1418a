import { after, sleep } from '../shared/clock.ts'
import type { Connection } from './redis-client.ts'
import { run, TELL } from './scripts.ts'

/** So long one look into the logs waits for something new. */
const WAIT_MS = 5_000
/** Redis answers later than that only when the connection is dead and does not know it. */
const LATE_MS = 2_000
const RETRY_MS = 100
/** Lines that are taken from one log at once. */
const MOST_LINES = 512

/** New entries of one log. */
interface Log {
  position: string
  readonly onLines: (lines: readonly string[]) => void
}

export interface LogReaderOptions {
  /** The connection that is used to wake the one that waits. */
  readonly connection: Connection
  /** Where this node is told something: it is one more log. */
  readonly inbox: string
  readonly onMessage: (message: string) => void
}

/**
 * Reads all logs that a node looks into over one connection, however many viewers they have: it waits in Redis until
 * one of them has something new. When the set of logs changes, a word into the inbox wakes it.
 *
 * A connection that dies is replaced; reading goes on where it was.
 */
export class LogReader {
  readonly #options: LogReaderOptions
  readonly #logs = new Map<string, Set<Log>>()
  #inboxPosition = '0'
  #reading: Connection | undefined
  /** A look is under way that does not know of the newest change. */
  #waits = false
  /** So many want something to be read. */
  #needed = 0
  #running = false
  #closed = false

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  /** Reads the inbox until it is told not to. */
  listen(): () => void {
    this.#need()
    let listens = true
    return () => {
      if (listens) this.#needed -= 1
      listens = false
    }
  }

  /** Reads a log from its beginning until it is told not to. */
  watch(key: string, onLines: (lines: readonly string[]) => void): () => void {
    const log: Log = { position: '0', onLines }
    const all = this.#logs.get(key) ?? new Set()
    this.#logs.set(key, all.add(log))
    this.#need()
    this.#wake()
    return () => {
      if (!all.delete(log)) return
      this.#needed -= 1
      if (all.size === 0) this.#logs.delete(key)
    }
  }

  close(): void {
    this.#closed = true
    this.#cut()
  }

  #need(): void {
    this.#needed += 1
    if (this.#needed === 1 && !this.#running) void this.#read()
  }

  #wake(): void {
    if (!this.#waits) return
    this.#waits = false
    const { connection, inbox } = this.#options
    run(connection, TELL, [inbox], ['']).catch(() => {})
  }

  #cut(): void {
    const connection = this.#reading
    this.#reading = undefined
    try {
      connection?.cut()
    } catch {
      // Cut already.
    }
  }

  async #read(): Promise<void> {
    this.#running = true
    while (this.#needed > 0 && !this.#closed) {
      try {
        this.#hand(await this.#look())
      } catch {
        this.#cut()
        if (!this.#closed) await sleep(RETRY_MS)
      }
    }
    this.#running = false
    this.#cut()
  }

  #look(): Promise<unknown> {
    const keys: string[] = [this.#options.inbox]
    const positions: string[] = [this.#inboxPosition]
    for (const [key, logs] of this.#logs) {
      // Whoever came last has the most to read; the others skip what they have.
      let first: Log | undefined
      for (const log of logs) if (!first || before(log.position, first.position)) first = log
      keys.push(key)
      positions.push(first!.position)
    }
    const connection = (this.#reading ??= this.#options.connection.another())
    this.#waits = true
    const answer = connection.send([
      'XREAD',
      'COUNT',
      String(MOST_LINES),
      'BLOCK',
      String(WAIT_MS),
      'STREAMS',
      ...keys,
      ...positions,
    ])
    return new Promise((resolve, reject) => {
      const settle = <T>(how: (made: T) => void): ((made: T) => void) => {
        return (made) => {
          cancel()
          this.#waits = false
          how(made)
        }
      }
      const late = settle(reject)
      const cancel = after(WAIT_MS + LATE_MS, () => late(new Error('Redis did not answer.')))
      answer.then(settle(resolve), settle(reject))
    })
  }

  #hand(answer: unknown): void {
    for (const [key, entries] of pairs(answer)) {
      const lines = entries.map(([id, [, line]]) => ({ id, line }))
      if (key === this.#options.inbox) {
        this.#inboxPosition = lines.at(-1)!.id
        for (const { line } of lines) if (line !== '') this.#options.onMessage(line)
        continue
      }
      for (const log of this.#logs.get(key) ?? []) {
        const fresh = lines.filter(({ id }) => before(log.position, id))
        if (fresh.length === 0) continue
        log.position = fresh.at(-1)!.id
        log.onLines(fresh.map(({ line }) => line))
      }
    }
  }
}

type Entry = [id: string, fields: [name: string, value: string]]

/** The answer of XREAD: a list of pairs, a map, or what a client makes of a map, pairs without their brackets. */
function pairs(answer: unknown): Iterable<[key: string, entries: Entry[]]> {
  if (answer === null || answer === undefined) return []
  if (answer instanceof Map) return answer as Map<string, Entry[]>
  if (!Array.isArray(answer)) return Object.entries(answer as Record<string, Entry[]>)
  if (Array.isArray(answer[0])) return answer as [string, Entry[]][]
  return answer.flatMap((key: string, at) =>
    at % 2 ? [] : [[key, answer[at + 1] as Entry[]] as [string, Entry[]]],
  )
}

/** Whether one position of a log comes before another. */
function before(one: string, other: string): boolean {
  const at = (id: string): number => Number(id.split('-')[1] ?? -1)
  return at(one) < at(other)
}
