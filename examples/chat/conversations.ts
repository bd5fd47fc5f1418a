import { randomUUID } from 'node:crypto'
import type { LlmMessage } from 'swapstream/models'

/** A question, and the turn that it replaces. */
export interface Question {
  readonly prompt: string
  readonly insteadOf?: number
}

/** A question and its answer so far. */
export interface Turn extends Question {
  readonly id: number
  text: string
  state: 'running' | 'whole' | 'cut'
}

/** The questions of one owner, and their answers. */
export class Conversation {
  readonly id: string = randomUUID()
  readonly turns: Turn[] = []
  readonly #maxTurns: number
  #turnCount = 0

  constructor(maxTurns: number) {
    this.#maxTurns = maxTurns
  }

  get running(): boolean {
    return this.turns.at(-1)?.state === 'running'
  }

  /** Reads a form: its own text, or the last failed question again. Undefined when there is no question. */
  question(form: Readonly<Record<string, unknown>>): Question | undefined {
    const { prompt, suggested = prompt, retry } = form
    const last = this.turns.at(-1)
    if (retry !== undefined) {
      if (last?.state !== 'cut' || String(last.id) !== retry) return undefined
      return { prompt: last.prompt, insteadOf: last.id }
    }
    return typeof suggested === 'string' && suggested.trim() ? { prompt: suggested } : undefined
  }

  /** Begins a turn, and removes the oldest one when there are too many. */
  ask(question: Question): Turn {
    if (this.turns.at(-1)?.id === question.insteadOf) this.turns.pop()
    const turn: Turn = { ...question, id: ++this.#turnCount, text: '', state: 'running' }
    this.turns.push(turn)
    if (this.turns.length > this.#maxTurns) this.turns.shift()
    return turn
  }

  /** The messages for the model: complete exchanges, and the new question. */
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

/** The conversations of this process, one for each owner; the least recently used one is dropped when there are too many. */
export function createConversations(maxOwners = 1_000, maxTurns = 50): Conversations {
  const byOwner = new Map<string, Conversation>()
  return {
    of(owner) {
      const conversation = byOwner.get(owner) ?? new Conversation(maxTurns)
      // A map keeps its order: the conversation in use goes to the end.
      byOwner.delete(owner)
      byOwner.set(owner, conversation)
      if (byOwner.size > maxOwners) byOwner.delete(byOwner.keys().next().value!)
      return conversation
    },
    forget: (owner) => void byOwner.delete(owner),
  }
}
