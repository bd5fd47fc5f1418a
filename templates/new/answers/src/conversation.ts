import type { EndReason } from 'swapstream/core'
import type { Store } from './store.ts'

/** What an answer rests on, as the page lists it. */
export interface Source {
  readonly title: string
  readonly snippet: string
}

/** What answers a question. */
export interface Reply {
  readonly tokens: AsyncIterable<string>
  /** Cited in the text as [1], [2], … */
  readonly sources?: readonly Source[]
}

/** A question and its answer. Without a reason it is being written, or its server was killed. */
export interface Turn {
  readonly id: string
  readonly prompt: string
  readonly sources: readonly Source[]
  readonly text: string
  readonly reason?: EndReason
}

const MAX_TURNS = 50

/** The stored turns of one owner, the newest last. */
export function conversationOf(store: Store, owner: string) {
  const key = `conversation:${owner}`
  const turns = async (): Promise<readonly Turn[]> => (await store.get(key)) ?? []
  return {
    turns,
    clear: () => store.set(key, []),
    /** Adds a turn, in place of another one. */
    async begin(turn: Turn, insteadOf?: Turn) {
      const others = (await turns()).filter(({ id }) => id !== insteadOf?.id)
      await store.set(key, [...others, turn].slice(-MAX_TURNS))
    },
    async end(turnId: string, text: string, reason: EndReason) {
      const ended = (turn: Turn): Turn => (turn.id === turnId ? { ...turn, text, reason } : turn)
      await store.set(key, (await turns()).map(ended))
    },
  }
}
