import { AccessError, Fragment, type Run, type Runs } from 'swapstream'
import { withoutCitations } from './citations.ts'

/** A question, and its answer as far as it was written. */
export interface Exchange {
  readonly question: string
  readonly answer: string
}

const MAX_TURNS = 30
/** What a page may name as the place that a question comes after; anything else begins a conversation. */
const PLACE = /^[\w-]{1,22}$/

/** The place where a conversation begins. Nobody else finds it: runs are found by their owner only. */
export function newPlace(): string {
  return crypto.randomUUID().slice(0, 8)
}

/** What a client says as a place, if it is one. */
export function toPlace(said: unknown): string {
  return typeof said === 'string' && PLACE.test(said) ? said : newPlace()
}

/**
 * The runs of a conversation, in their order. Each is kept under the place that it came after, the first one under
 * the beginning: so the runs are all that a conversation needs to be remembered by.
 */
export async function turnsOf(runs: Runs, owner: string, beginning: string): Promise<Run[]> {
  const turns: Run[] = []
  let place = beginning
  while (turns.length < MAX_TURNS) {
    const run = await runs.current({ owner, key: place })
    if (run === undefined) break
    turns.push(run)
    place = run.id
  }
  return turns
}

/**
 * What was said at a place, for the answer that comes after it. An answer that is still written ends there: who asks on
 * does not read it.
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
    const { signal } = new AbortController()
    const values = await runs.follow(place, { owner }).open({ signal, lastEventId: undefined })
    let last: Fragment | undefined
    for await (const { value } of values) if (value instanceof Fragment) last = value
    const { question, text } = last?.context ?? {}
    return { question: String(question), answer: withoutCitations(String(text ?? '')) }
  } catch (error) {
    if (error instanceof AccessError) return undefined
    throw error
  }
}
