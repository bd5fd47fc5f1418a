import type { Context } from 'hono'
import { ownerOf, type Runs } from 'swapstream'
import { newPlace, toPlace, turnAt } from './conversation.ts'

/** The question of a form, and its place in a conversation. */
export interface Asked {
  readonly owner: string
  readonly question: string
  readonly conversation: string
  /** What it comes after: the run before it, or the beginning of its conversation. */
  readonly place: string
  /** The id of a failed run to retry: the new run replaces it. */
  readonly instead: string | undefined
}

const MAX_CHARS = 2_000

/** Reads a form of the page: a typed question, a suggested one, or one to retry. */
export async function readAsked(c: Context, runs: Runs): Promise<Asked> {
  const { conversation: id, after, retry, suggested, question } = await c.req.parseBody()
  const owner = ownerOf(c)
  const conversation = toPlace(id) ?? newPlace()
  const last = toPlace(after) ?? conversation
  const tried = toPlace(retry)
  const old = tried && (await turnAt(runs, owner, tried))
  const typed = old ? old.question : (suggested ?? question)
  const asked = { owner, conversation, question: typeof typed === 'string' ? typed.trim() : '' }
  // An older turn is asked again behind the last one.
  return old && old.run.id === last
    ? { ...asked, place: old.place, instead: last }
    : { ...asked, place: last, instead: undefined }
}

/** The fault of a question, as a message for the user. */
export function problemOf(question: string): string | undefined {
  if (question === '') return 'Type a question first: a few words are enough.'
  return question.length > MAX_CHARS ? `Ask in at most ${MAX_CHARS} characters.` : undefined
}
