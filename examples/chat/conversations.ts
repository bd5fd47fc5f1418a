import { randomUUID } from 'node:crypto'
import type { LlmMessage } from 'swapstream/models'

/** What is asked, and the turn that it shall replace. */
export interface Question {
  readonly prompt: string
  readonly insteadOf?: number
}

/** A question and its answer, as far as it is written. */
export interface Turn extends Question {
  readonly id: number
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

  get running(): boolean {
    return this.turns.at(-1)?.state === 'running'
  }

  /** What a form asks: its own words, or once more what was cut last. Nothing when there is nothing to ask. */
  question(form: Readonly<Record<string, unknown>>): Question | undefined {
    const { prompt, suggested = prompt, retry } = form
    const last = this.turns.at(-1)
    if (retry !== undefined) {
      if (last?.state !== 'cut' || String(last.id) !== retry) return undefined
      return { prompt: last.prompt, insteadOf: last.id }
    }
    return typeof suggested === 'string' && suggested.trim() ? { prompt: suggested } : undefined
  }

  /** Begins a turn; the oldest one goes when there are too many. */
  ask(question: Question): Turn {
    if (this.turns.at(-1)?.id === question.insteadOf) this.turns.pop()
    const turn: Turn = { ...question, id: ++this.#said, text: '', state: 'running' }
    this.turns.push(turn)
    if (this.turns.length > this.#maxTurns) this.turns.shift()
    return turn
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
