import { Fragment, streamToFragments, type Runs, type StreamContext } from 'swapstream'
import type { Asked } from './asked.ts'
import { behind, define } from './citations.ts'
import { exchangeAt, type Turn } from './conversation.ts'
import { answersByName, find } from './find.ts'
import type { Answerer } from './model.ts'
import type { SearchIndex } from './search-index.ts'
import { toCard } from './sources.ts'

/** The parts of the app that write a turn. */
export interface Writing {
  readonly index: SearchIndex
  readonly answerer: Answerer
  readonly runs: Runs
  readonly waitMs: number
}

/** Writes one turn: the question and its sources at once, then the answer as it grows. */
export async function* writeTurn(
  { owner, question, conversation, place, instead }: Asked,
  { signal, run }: StreamContext,
  { index, answerer, runs, waitMs }: Writing,
): AsyncGenerator<Fragment, void, undefined> {
  const previous = await exchangeAt(runs, owner, place)
  const asked = {
    run: run!,
    place,
    question,
    conversation,
    link: `/?${new URLSearchParams({ q: question, c: conversation })}`,
    sources: [],
    followUps: [],
  }
  // The rest of the documents may hold a better answer, so it waits for them, but not for long. A question that names a
  // package waits until that one answers it: among a part of the documents, another one may look better.
  let isRead: (() => boolean) | undefined
  const end = performance.now() + waitMs
  let isAnswered: boolean | undefined
  for await (const read of index.reading(signal)) {
    // The documents may not even be listed yet.
    isRead ??= index.prefer(question)
    if (isRead?.() && (isAnswered ??= answersByName(question, index))) break
    if (performance.now() >= end && isRead === undefined) break
    yield new Fragment('ask.html', 'turn', {
      turn: asked,
      text: '',
      streaming: true,
      read: Math.floor(100 * read),
    })
  }
  const read = isAnswered ? 100 : Math.floor(100 * index.read)
  const { sources, followUps } = find(question, previous, index)
  const turn: Turn = { ...asked, sources: sources.map(toCard), followUps, read }
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
