import type { Context } from 'hono'
import { ownerOf, type Runs } from 'swapstream'
import { newPlace, toPlace, turnAt } from './conversation.ts'

/** A question as a form brings it, and where it belongs. */
export interface Asked {
  readonly owner: string
  readonly question: string
  readonly conversation: string
  /** What it comes after: the run before it, or the beginning of its conversation. */
  readonly place: string
  /** The id of the run that was cut and is tried again: the new one takes its place. */
  readonly instead: string | undefined
}

const MAX_CHARS = 2_000

/** What a form of the page asks: a question that was typed, one that was suggested, or one that is tried again. */
export async function readAsked(c: Context, runs: Runs): Promise<Asked> {
  const { conversation: said, after, retry, suggested, question } = await c.req.parseBody()
  const owner = ownerOf(c)
  const conversation = toPlace(said) ?? newPlace()
  const last = toPlace(after) ?? conversation
  const tried = toPlace(retry)
  const old = tried && (await turnAt(runs, owner, tried))
  const typed = old ? old.question : (suggested ?? question)
  const asked = { owner, conversation, question: typeof typed === 'string' ? typed.trim() : '' }
  // What is not the last any more is asked again behind the last.
  return old && old.run.id === last
    ? { ...asked, place: old.place, instead: last }
    : { ...asked, place: last, instead: undefined }
}

/** What is wrong with a question, in words for who asks. */
export function problemOf(question: string): string | undefined {
  if (question === '') return 'Type a question first: a few words are enough.'
  return question.length > MAX_CHARS ? `Ask in at most ${MAX_CHARS} characters.` : undefined
}
