import type { Exchange } from './conversation.ts'
import { covers } from './extractive.ts'
import { followUps } from './follow-ups.ts'
import { inContext } from './in-context.ts'
import type { Retriever } from './retriever.ts'
import { toSources, type Source } from './sources.ts'

/** What an answer stands on, and where one could go from there. */
export interface Found {
  readonly sources: readonly Source[]
  readonly followUps: readonly string[]
}

/**
 * The sources of an answer: passages that cover the question, by itself or together with the one before it.
 *
 * Search always finds something. What does not cover the question is no source, so there may be none.
 */
export function find(question: string, previous: Exchange | undefined, retrieve: Retriever): Found {
  for (const asked of inContext(question, previous)) {
    const hits = retrieve(asked, 6)
    const sources = toSources(hits)
    if (covers(asked, sources, retrieve))
      return { sources, followUps: followUps(hits, retrieve.passages, 3) }
  }
  return { sources: [], followUps: [] }
}
