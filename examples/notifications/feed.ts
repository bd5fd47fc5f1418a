import { EventEmitter, once } from 'node:events'

export interface Note {
  readonly id: number
  readonly text: string
}

export interface Feed {
  /** The newest first. */
  readonly notes: readonly Note[]
  post(text: string): void
  /** The notes as they are, then again after each change. */
  states(signal: AbortSignal): AsyncGenerator<readonly Note[]>
}

/**
 * The newest notes, and any number of clients. A client gets snapshots, not changes: a slow one skips some, and always
 * gets the newest. A client that connects late or again needs nothing of the past.
 */
export function createFeed(size = 20): Feed {
  const changes = new EventEmitter().setMaxListeners(0)
  let notes: readonly Note[] = []
  let posted = 0
  return {
    get notes() {
      return notes
    },
    post(text) {
      notes = [{ id: ++posted, text }, ...notes].slice(0, size)
      changes.emit('change')
    },
    async *states(signal) {
      for (let shown: readonly Note[] | undefined; ;) {
        if (shown === notes) await once(changes, 'change', { signal })
        else yield (shown = notes)
      }
    },
  }
}
