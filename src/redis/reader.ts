import { sleep } from '../shared/clock.ts'
import { LimitError } from '../shared/errors.ts'
import { errorMessage } from '../shared/hooks.ts'
import { silent, type Log } from '../shared/log.ts'
import { callStore } from '../runs/store.ts'
import type { Connection } from './client.ts'
import { runScript, SEND } from './scripts.ts'

/** How long one read blocks in Redis. */
const BLOCK_MS = 5_000
/** A read that is later than that by this much is on a dead connection. */
const LATE_MS = 2_000
const RETRY_MS = 100
/** Lines of one log in one read. */
const MAX_LINES = 512

interface Watcher {
  /** Id of the last delivered line. */
  position: string
  readonly onLines: (lines: readonly string[]) => void
}

export interface LogReaderOptions {
  /** Wakes the blocked read; the read itself has a connection of its own. */
  readonly connection: Connection
  /** Key of the control channel, one more log: other nodes send messages to this node. */
  readonly channel: string
  readonly onMessage: (message: string) => void
}

/**
 * Reads all watched logs of a node with one blocking command. When the set of logs changes, an empty message in the
 * control channel wakes it.
 *
 * Ends    with `close`, or while nothing is watched; a connection that dies is replaced.
 */
export class LogReader {
  readonly #options: LogReaderOptions
  readonly #logs = new Map<string, Set<Watcher>>()
  #channelPosition = '0'
  /** Keys of the newest read. */
  #asked: readonly string[] = []
  #reading: Connection | undefined
  /** A read is pending that does not know of the newest change. */
  #isBlocked = false
  #users = 0
  #isRunning = false
  #isClosed = false
  #log: Log = silent
  #isFailing = false

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  /** Sets where a read that fails is reported. */
  useLog(log: Log): void {
    this.#log = log
  }

  /** Reads the control channel until the returned function is called. */
  listen(): () => void {
    this.#users += 1
    if (!this.#isRunning) void this.#run()
    let isListening = true
    return () => {
      if (isListening) this.#users -= 1
      isListening = false
    }
  }

  /** Reads a log from its beginning until the returned function is called. */
  watch(key: string, onLines: (lines: readonly string[]) => void): () => void {
    const watcher = { position: '0', onLines }
    const watchers = this.#logs.get(key) ?? new Set()
    this.#logs.set(key, watchers.add(watcher))
    const unlisten = this.listen()
    this.#wake()
    return () => {
      unlisten()
      if (watchers.delete(watcher) && watchers.size === 0) this.#logs.delete(key)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#disconnect()
  }

  #wake(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    const { connection, channel } = this.#options
    runScript(connection, SEND, [channel], ['']).catch(() => {})
  }

  #disconnect(): void {
    try {
      this.#reading?.destroy()
    } catch {
      // It is closed already.
    }
    this.#reading = undefined
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#users > 0 && !this.#isClosed) {
      try {
        this.#deliver(await callStore(this.#read(), BLOCK_MS + LATE_MS))
        this.#report(undefined)
      } catch (error) {
        this.#disconnect()
        if (!this.#isClosed) {
          this.#report(error)
          await sleep(RETRY_MS)
        }
      }
      this.#isBlocked = false
    }
    this.#isRunning = false
    this.#disconnect()
  }

  /** Reports the first failure of several, and their end. */
  #report(error: unknown): void {
    if (this.#isFailing === (error !== undefined)) return
    this.#isFailing = error !== undefined
    if (!this.#isFailing) this.#log.info({}, 'the runs are read from Redis again')
    else {
      const err = error instanceof LimitError ? error.cause : error
      const message = `the runs of other nodes cannot be read from Redis: ${errorMessage(err)}`
      this.#log.error({ err }, message)
    }
  }

  #read(): Promise<unknown> {
    const keys = [this.#options.channel]
    const positions = [this.#channelPosition]
    for (const [key, watchers] of this.#logs) {
      keys.push(key)
      // The newest watcher has the most to read; the others skip what they have.
      const all = [...watchers].map(({ position }) => position)
      positions.push(
        all.reduce((first, position) => (isBefore(position, first) ? position : first)),
      )
    }
    this.#asked = keys
    this.#reading ??= this.#options.connection.duplicate()
    this.#isBlocked = true
    const limits = ['COUNT', String(MAX_LINES), 'BLOCK', String(BLOCK_MS)]
    return this.#reading.send(['XREAD', ...limits, 'STREAMS', ...keys, ...positions])
  }

  #deliver(response: unknown): void {
    const { channel } = this.#options
    for (const [name, entries] of toPairs(response)) {
      // A client may put a prefix of its own before each key.
      const key = this.#asked.find((each) => name.endsWith(each))
      if (key === undefined) throw new Error(`The client gave ${name}, which was not asked for.`)
      const lines = entries.map(([id, [, line]]) => ({ id, line }))
      if (key === channel) {
        this.#channelPosition = lines.at(-1)!.id
        for (const { line } of lines) if (line !== '') this.#options.onMessage(line)
        continue
      }
      for (const watcher of this.#logs.get(key) ?? []) {
        const fresh = lines.filter(({ id }) => isBefore(watcher.position, id))
        if (fresh.length === 0) continue
        watcher.position = fresh.at(-1)!.id
        watcher.onLines(fresh.map(({ line }) => line))
      }
    }
  }
}

type Entry = [id: string, fields: [name: string, value: string]]

/** The response of XREAD: a list of pairs, a map, or a flat list of keys and values, depending on client and protocol. */
function toPairs(response: unknown): Iterable<[key: string, entries: Entry[]]> {
  if (response === null || response === undefined) return []
  if (response instanceof Map) return response as Map<string, Entry[]>
  if (!Array.isArray(response)) return Object.entries(response as Record<string, Entry[]>)
  if (Array.isArray(response[0])) return response as [string, Entry[]][]
  const keys = response.filter((_, index) => index % 2 === 0) as string[]
  return keys.map((key, index) => [key, response[2 * index + 1] as Entry[]])
}

/** Compares ids of a log: they are `1-<position>`, and `0` before all. */
function isBefore(one: string, other: string): boolean {
  const position = (id: string): number => Number(id.split('-')[1] ?? -1)
  return position(one) < position(other)
}
