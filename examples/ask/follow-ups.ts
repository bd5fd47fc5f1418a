import type { Passage } from './passages.ts'
import { answers, type Hit, type Question } from './ranking.ts'
import type { SearchIndex } from './search-index.ts'
import { toTerms } from './words.ts'

/** How far from a source its neighbours are looked for, in passages. */
const REACH = 8
/** How many beside one source are tried. */
const MAX_BESIDE = 2
const MAX_TOPIC_CHARS = 48
/** Headings that say nothing without the one above them. */
const BARE =
  /^(?:an? )?(?:basic |simple |more |full |code )?(?:examples?|usage|options?|parameters?|arguments?|properties|methods?|returns?|throws|notes?|api|type|types|syntax|overview|introduction|description|details|default|since|see also|license|contributing|changelog|install(?:ation|ing)?|table of contents|getting started|related|other|misc)$/i

/** What is between white space and marks. */
const WORD = /[^\s?!,;:()"'’`“”]+/g

/** Something of an interface, such as `c.req.query()`. */
const NAME = /^[\p{Ll}$@#.][\w$.@#-]*(?:\(\))?$/u

/**
 * Questions to go on with: what the documentation speaks of beside the places that the answer stands on.
 *
 * Out     at most `k`, those beside the best source first; never what the sources speak of themselves.
 *
 * @example followUps(index.search(question), index, 3) // → ['What does queries do in hono?', …]
 */
export function followUps(hits: readonly Hit[], index: SearchIndex, k: number): string[] {
  const taken = new Set(hits.map(({ passage }) => keyOf(passage)))
  const questions: string[] = []
  for (const { passage } of hits) {
    // One beside each source, so that not all are of the same page.
    if (questions.length === k) break
    const beside = neighbours(passage, index.passages)
      .filter((each) => isTopic(each) && !taken.has(keyOf(each)))
      .slice(0, MAX_BESIDE)
      .find((each) => isFound(each, index))
    if (beside === undefined) continue
    taken.add(keyOf(beside))
    questions.push(toQuestion(beside))
  }
  return questions
}

/** Questions to begin with where the packages of this project are read. */
export const EXAMPLES = [
  'How do I read a query parameter in Hono?',
  'Fuzzy search with MiniSearch',
  'How do I mock a module in Vitest?',
  'How does swapstream stop the model when the client disconnects?',
]
const MAX_TRIED = 40

/**
 * Questions to begin with, from headings all over the documents.
 *
 * @example suggestions(index) // → ['What does query do in hono?', …]
 */
export function suggestions(index: SearchIndex, most = 4): string[] {
  const topics = index.passages.filter(isTopic)
  const step = Math.max(1, topics.length / MAX_TRIED)
  const chosen = new Set<string>()
  for (let n = 0; n < topics.length && chosen.size < most; n += step) {
    const passage = topics[Math.floor(n)]!
    if (!isFound(passage, index)) continue
    chosen.add(toQuestion(passage))
    // The next one comes from another part of the documents.
    n = Math.max(n, (chosen.size * topics.length) / most - step)
  }
  return [...chosen]
}

/** Whether the question about a passage is answered from its section. */
function isFound(passage: Passage, index: SearchIndex): boolean {
  const question = index.understand(toQuestion(passage))
  const hits = index.search(question)
  const first = hits[0]?.passage
  return (
    first?.package === passage.package &&
    first.heading === passage.heading &&
    answers(question, hits)
  )
}

/**
 * Questions that were perhaps meant by one that nothing answers: with its slips put right, and what the documentation has
 * under headings with words of it.
 */
export function nearMisses(
  { text, terms, alike, corrected }: Question,
  hits: readonly Hit[],
): string[] {
  const meant = text.replace(WORD, (word) => corrected.get(word.toLowerCase()) ?? word)
  const topics = hits
    .filter(({ passage }) => isTopic(passage))
    .map(({ passage }) => ({ topic: toQuestion(passage), held: toTerms(topicOf(passage)) }))
    .filter(({ held }) =>
      terms.some((term) => [term, ...(alike.get(term) ?? [])].some((each) => held.has(each))),
    )
    .map(({ topic }) => topic)
  return [...new Set([...(meant === text ? [] : [meant]), ...topics])].slice(0, 3)
}

/** Passages of the same file, the nearest first, what follows before what precedes. */
function neighbours({ id, package: name, file }: Passage, passages: readonly Passage[]): Passage[] {
  const near: Passage[] = []
  for (let far = 1; far <= REACH; far++) {
    for (const each of [passages[id + far], passages[id - far]])
      if (each?.package === name && each.file === file) near.push(each)
  }
  return near
}

function topicOf({ heading }: Passage): string {
  // What stands in brackets behind a heading is a remark.
  return heading
    .slice(heading.lastIndexOf('›') + 1)
    .replace(/\([^()]*\s[^()]*\)$/, '')
    .trim()
}

function keyOf(passage: Passage): string {
  return `${passage.package} ${topicOf(passage)}`.toLowerCase()
}

function isTopic(passage: Passage): boolean {
  const topic = topicOf(passage)
  if (topic.toLowerCase() === passage.package || topic.length > MAX_TOPIC_CHARS || BARE.test(topic))
    return false
  return toTerms(topic).size > 0
}

function toQuestion(passage: Passage): string {
  const topic = topicOf(passage)
  const name = passage.package.replace(/^@types\//, '')
  if (NAME.test(topic)) return `What does ${topic} do in ${name}?`
  return topic.toLowerCase().includes(name.toLowerCase()) ? topic : `${topic} in ${name}`
}
