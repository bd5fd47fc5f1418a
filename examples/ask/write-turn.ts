import { Fragment, streamToFragments, type Runs, type StreamContext } from 'swapstream'
import type { Asked } from './asked.ts'
import { behind, define } from './citations.ts'
import { exchangeAt, type Turn } from './conversation.ts'
import { find } from './find.ts'
import type { Answerer } from './model.ts'
import type { Retriever } from './retriever.ts'
import { toCard } from './sources.ts'

/** The parts of the app that write a turn. */
export interface Writing {
  readonly retrieve: Retriever
  readonly answerer: Answerer
  readonly runs: Runs
}

/** Writes one turn: the question and its sources at once, then the answer as it grows. */
export async function* writeTurn(
  { owner, question, conversation, place, instead }: Asked,
  { signal, run }: StreamContext,
  { retrieve, answerer, runs }: Writing,
): AsyncGenerator<Fragment, void, undefined> {
  const previous = await exchangeAt(runs, owner, place)
  const { sources, followUps } = find(question, previous, retrieve)
  const turn: Turn = {
    run: run!,
    place,
    question,
    conversation,
    link: `/?${new URLSearchParams({ q: question, c: conversation })}`,
    sources: sources.map(toCard),
    followUps,
  }
  const citations = define(sources, `src-${turn.run.id}`)
  const answer = answerer.answer(question, sources, signal, previous)
  let old = instead
  for await (const fragment of streamToFragments(behind(citations, answer), 'ask.html', 'turn', {
    extraContext: { turn },
    statusBlock: 'status',
  })) {
    yield fragment
    // The failed answer stays until there is text in its place.
    const { text } = fragment.context
    if (old === undefined || typeof text !== 'string' || text.length <= citations.length) continue
    yield new Fragment('ask.html', 'status', {}, { target: `#turn-${old}`, swap: 'delete' })
    old = undefined
  }
}
