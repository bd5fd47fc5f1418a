import { setImmediate } from 'node:timers/promises'
import { AccessError, Fragment, type Run, type Runs } from 'swapstream'
import { withoutCitations } from './citations.ts'
import type { Card } from './sources.ts'

/** A question, and its answer as far as it was written. */
export interface Exchange {
  readonly question: string
  readonly answer: string
  /** The package that it was about. */
  readonly about: string | undefined
}

/** What a page shows of a turn beside its text. */
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
}

/** A turn as far as it was written. */
export interface WrittenTurn extends Turn {
  readonly text: string
  readonly failed: boolean
  /** It is still being written. */
  readonly open: boolean
}

const MAX_TURNS = 30
/** What a page may name as the place that a question comes after; anything else begins a conversation. */
const PLACE = /^[\w-]{1,22}$/

/** The place where a conversation begins. Nobody else finds it: runs are found by their owner only. */
export function newPlace(): string {
  return crypto.randomUUID().slice(0, 8)
}

/** What a client says as a place, if it is one. */
export function toPlace(said: unknown): string | undefined {
  return typeof said === 'string' && PLACE.test(said) ? said : undefined
}

/**
 * The turns of a conversation, in their order. Each run is kept under the place that it came after, the first one under
 * the beginning: so the runs are all that a conversation is remembered by.
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

/** The turn whose run is kept under a place. */
export async function turnAt(
  runs: Runs,
  owner: string,
  place: string,
): Promise<WrittenTurn | undefined> {
  const run = await runs.current({ owner, key: place })
  return run && turnOf(run)
}

/**
 * What was said before a place, for the answer that comes after it. An answer that is still written ends there: who asks
 * on does not wait for it.
 *
 * Out     nothing at the beginning of a conversation, or of a run that is kept no longer.
 */
export async function saidAt(
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

/** Reads what is there, and waits for nothing more. */
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
