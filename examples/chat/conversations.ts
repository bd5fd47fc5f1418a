import { randomUUID } from 'node:crypto'
import type { LlmMessage } from 'swapstream/models'

/** A question and its answer, as far as it is written. */
export interface Turn {
  readonly id: number
  readonly prompt: string
  text: string
  state: 'running' | 'whole' | 'cut'
}

/** What one person has said, and what was answered. */
export class Conversation {
  readonly id: string = randomUUID()
  readonly turns: Turn[] = []
  readonly #maxTurns: number
  #said = 0

  constructor(maxTurns: number) {
    this.#maxTurns = maxTurns
  }

  /** Begins a turn; the oldest one goes when there are too many. */
  ask(prompt: string): Turn {
    const turn: Turn = { id: ++this.#said, prompt, text: '', state: 'running' }
    this.turns.push(turn)
    if (this.turns.length > this.#maxTurns) this.turns.shift()
    return turn
  }

  /** Takes the last turn away when it has this id and was cut, so that it can be asked again. */
  takeBack(id: string): Turn | undefined {
    const last = this.turns.at(-1)
    return last?.state === 'cut' && String(last.id) === id ? this.turns.pop() : undefined
  }

  /** For the model: what was said and answered in full, and what is asked now. */
  get messages(): LlmMessage[] {
    return this.turns.flatMap(({ prompt, text, state }): LlmMessage[] => {
      const asked = { role: 'user', content: prompt } as const
      if (state === 'running') return [asked]
      return state === 'whole' ? [asked, { role: 'assistant', content: text }] : []
    })
  }
}

export interface Conversations {
  of(owner: string): Conversation
  forget(owner: string): void
}

/** The conversations of this process, one an owner; whose was left alone longest is forgotten when there are too many. */
export function createConversations(maxOwners = 1_000, maxTurns = 50): Conversations {
  const kept = new Map<string, Conversation>()
  return {
    of(owner) {
      const conversation = kept.get(owner) ?? new Conversation(maxTurns)
      // A map keeps its order: what was used now goes to the end.
      kept.delete(owner)
      kept.set(owner, conversation)
      if (kept.size > maxOwners) kept.delete(kept.keys().next().value!)
      return conversation
    },
    forget: (owner) => void kept.delete(owner),
  }
}
