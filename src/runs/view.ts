import { Fragment, snapshotKey, type FragmentOptions } from '../fragments/fragment.ts'
import { Ended } from '../streams/ended.ts'

/** One thing that a viewer has to be told: a value, or the newest state of a block. */
export interface Slot {
  /** The position of its value, or of its first state. */
  readonly first: number
  /** The position of its newest state. */
  seq: number
  value: unknown
  /** Rises when the text of the block did not just grow. */
  era: number
  /** A newer state of the block may take its place. */
  open: boolean
  /** Its newest state for those who were told so many characters: mostly that is all of them. */
  told: { readonly chars: number; readonly state: Fragment } | undefined
}

/**
 * One run as a node knows it: all that its source said, folded. Values stay in their order; a state gives way to the
 * newer one of its block, and stands where the block appeared first, so that what came into it later still finds it.
 *
 * All viewers of the run on this node read this one; each of them only remembers how far he is.
 */
export class View {
  readonly slots: Slot[] = []
  readonly #open = new Map<string, Slot>()
  /** Most viewers are between two frames, and want nothing: only who does is told. */
  #waiting = new Set<() => void>()
  /** The position of the newest value. */
  last = 0
  /** How far the log went when somebody began to read it: until there, it is history. */
  readonly history: number
  ended: Ended | undefined

  constructor(history: number = 0) {
    this.history = history
  }

  /** Whether what was there before has been read: a viewer is told of it in one piece. */
  get ready(): boolean {
    return this.last >= this.history || this.ended !== undefined
  }

  /** The next thing of the log: a value, or its end. */
  take(said: unknown): void {
    if (this.ended !== undefined) return
    if (said instanceof Ended) this.ended = said
    else this.#add(said, ++this.last)
    const waiting = this.#waiting
    if (waiting.size === 0) return
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }

  /** Calls back once, at the next change, unless it is told not to. */
  wait(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  #add(value: unknown, seq: number): void {
    const key = value instanceof Fragment ? snapshotKey(value) : undefined
    const before = key === undefined ? undefined : this.#open.get(key)
    const open = key !== undefined && !(value as Fragment).final
    if (before === undefined) {
      const slot = { first: seq, seq, value, era: 0, open, told: undefined }
      this.slots.push(slot)
      if (open) this.#open.set(key, slot)
      return
    }
    if (!grew(before.value as Fragment, value as Fragment)) before.era += 1
    before.seq = seq
    before.value = value
    before.told = undefined
    before.open = open
    // What comes after a final state is another answer.
    if (!open) this.#open.delete(key!)
  }
}

/** What one viewer has of a slot. */
interface Had {
  readonly seq: number
  readonly era: number
  readonly chars: number
}

/**
 * How far one viewer is. What he has missed of a block is one state and one piece of text, however much that was.
 *
 * Cost    a number, and three more for each block that may still change.
 */
export class Position {
  readonly #view: View
  /** All values up to here he has already. */
  readonly #after: number
  #next = 0
  readonly #had = new Map<Slot, Had>()

  /** @param after What he has seen before, as he says. */
  constructor(view: View, after: number) {
    this.#view = view
    this.#after = after
  }

  /** What he has to be told next, and the position that he has reached then; nothing when he has everything. */
  take(): { readonly value: unknown; readonly seq: number } | undefined {
    for (const [slot, had] of this.#had)
      if (slot.seq > had.seq) return this.#state(slot, this.#reached(), had)
    const slot = this.#untold()
    if (slot === undefined) return undefined
    this.#next += 1
    if (stateOf(slot)) return this.#state(slot, this.#reached(), undefined)
    return { value: slot.value, seq: slot.first }
  }

  /** There is something that he has to be told. */
  get behind(): boolean {
    for (const [slot, had] of this.#had) if (slot.seq > had.seq) return true
    return this.#untold() !== undefined
  }

  /** The first thing that he was told nothing of. */
  #untold(): Slot | undefined {
    const { slots } = this.#view
    for (; this.#next < slots.length; this.#next += 1) {
      const slot = slots[this.#next]!
      if (stateOf(slot) || slot.first > this.#after) return slot
    }
    return undefined
  }

  /** All values before this position are told. States need none: whoever comes back gets the newest anyway. */
  #reached(): number {
    const { slots, last } = this.#view
    return Math.max(this.#after, (slots[this.#next]?.first ?? last + 1) - 1)
  }

  #state(slot: Slot, seq: number, had: Had | undefined): { value: unknown; seq: number } {
    const fragment = slot.value as Fragment
    const { grows, context } = fragment
    const text = grows && context[grows.key]
    const chars = typeof text === 'string' ? text.length : 0
    if (slot.open) this.#had.set(slot, { seq: slot.seq, era: slot.era, chars })
    else this.#had.delete(slot)
    if (grows === undefined || typeof text !== 'string') return { value: fragment, seq }

    const sameText = had !== undefined && had.era === slot.era
    const delta = had === undefined ? text : text.slice(had.chars)
    if (had === undefined || sameText) {
      if (delta.length === grows.delta.length) return { value: fragment, seq }
      const from = had?.chars ?? 0
      if (slot.told?.chars !== from)
        slot.told = { chars: from, state: copy(fragment, { key: grows.key, delta }) }
      return { value: slot.told.state, seq }
    }
    return { value: copy(fragment, undefined), seq }
  }
}

function stateOf({ value }: Slot): boolean {
  return value instanceof Fragment && snapshotKey(value) !== undefined
}

/** Whether the text of a block is what it was, and more. */
function grew(before: Fragment, now: Fragment): boolean {
  const key = now.grows?.key
  if (key === undefined || before.grows?.key !== key) return false
  const [text, longer] = [before.context[key], now.context[key]]
  return (
    typeof text === 'string' &&
    typeof longer === 'string' &&
    text.length + now.grows!.delta.length === longer.length
  )
}

/** The same state, for one who knows another part of it. */
function copy(fragment: Fragment, grows: Fragment['grows']): Fragment {
  const { template, block, context, target, swap, final, cut } = fragment
  const options = { target, swap, final, cut, grows } as FragmentOptions
  return new Fragment(template, block, context, options)
}
