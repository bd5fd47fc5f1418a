import { setImmediate } from 'node:timers/promises'
import { AccessError, Fragment, type Run, type Runs } from 'swapstream'
import { withoutCitations } from './citations.ts'
import type { Card } from './sources.ts'

/** A question, and its answer so far. */
export interface Exchange {
  readonly question: string
  readonly answer: string
  /** The package that it was about. */
  readonly about: string | undefined
}

/** The parts of a turn beside its text. */
export interface Turn {
  readonly run: { readonly id: string; readonly path: string }
  /** What it comes after: the run before it, or the beginning of the conversation. */
  readonly place: string
  readonly question: string
  /** Where its conversation begins. */
  readonly conversation: string
  /** Where it is found again. */
  readonly link: string
  readonly sources: readonly Card[]
  readonly followUps: readonly string[]
  /** How much of the documents was read, in percent; all where what was read sufficed. */
  readonly read: number
}

/** A turn with its text so far. */
export interface WrittenTurn extends Turn {
  readonly text: string
  readonly failed: boolean
  /** It still streams. */
  readonly open: boolean
}

const MAX_TURNS = 30
/** A valid place in a request; anything else begins a conversation. */
const PLACE = /^[\w-]{1,22}$/

/** The place where a conversation begins. Only the owner of its runs can find it. */
export function newPlace(): string {
  return crypto.randomUUID().slice(0, 8)
}

/** A place from a request, if it is valid. */
export function toPlace(value: unknown): string | undefined {
  return typeof value === 'string' && PLACE.test(value) ? value : undefined
}

/**
 * The turns of a conversation, in their order. Each run has the id of the previous one as its key, the first one the
 * beginning. So the runs are the only state of a conversation.
 */
export async function turnsOf(
  runs: Runs,
  owner: string,
  beginning: string,
): Promise<WrittenTurn[]> {
  const turns: WrittenTurn[] = []
  let place = beginning
  while (turns.length < MAX_TURNS) {
    const run = await runs.current({ owner, key: place })
    if (run === undefined) break
    const turn = await turnOf(run)
    if (turn) turns.push(turn)
    place = run.id
  }
  return turns
}

/** The turn whose run has a place as its key. */
export async function turnAt(
  runs: Runs,
  owner: string,
  place: string,
): Promise<WrittenTurn | undefined> {
  const run = await runs.current({ owner, key: place })
  return run && turnOf(run)
}

/**
 * The exchange before a place, for the answer that follows it. An answer that still streams is stopped: the next
 * question does not wait for it.
 *
 * Out     undefined at the beginning of a conversation, and for an expired run.
 */
export async function exchangeAt(
  runs: Runs,
  owner: string,
  place: string,
): Promise<Exchange | undefined> {
  try {
    await runs.stop(place, { owner })
  } catch (error) {
    if (error instanceof AccessError) return undefined
    throw error
  }
  const turn = await turnOf(runs.subscribe(place, { owner }))
  if (turn === undefined) return undefined
  const { question, text, sources } = turn
  return { question, answer: withoutCitations(text), about: sources[0]?.package }
}

/** Reads the stored values of a run, and does not wait for more. */
async function turnOf(run: Run): Promise<WrittenTurn | undefined> {
  const { signal } = new AbortController()
  const values = await run.open({ signal, lastEventId: undefined })
  let last: Fragment | undefined
  for (;;) {
    const step = await Promise.race([values.next(), setImmediate(undefined)])
    if (step && !step.done) {
      const { value } = step.value
      if (value instanceof Fragment && value.block === 'turn') last = value
      continue
    }
    await values.return?.()
    if (last === undefined) return undefined
    const open = step === undefined
    const { turn, text, failed } = { ...last.context, ...(open || last.final ? {} : last.cut) } as {
      turn: Turn
      text: string
      failed: boolean
    }
    return { ...turn, text, failed, open }
  }
}
