import type { Passage } from './passages.ts'
import type { Hit } from './retriever.ts'
import { toQuestionTerms } from './words.ts'

/** How far from a source its neighbours are looked for, in passages. */
const REACH = 8
const MAX_TOPIC_CHARS = 48
/** Headings that say nothing without the one above them. */
const BARE =
  /^(?:an? )?(?:basic |simple |more |full |code )?(?:examples?|usage|options?|parameters?|arguments?|properties|methods?|returns?|throws|notes?|api|type|types|syntax|overview|introduction|description|details|default|since|see also|license|contributing|changelog|install(?:ation|ing)?|table of contents|getting started|related|other|misc)$/i

/** Something of an interface, such as `c.req.query()`. */
const NAME = /^[\p{Ll}$@#.][\w$.@#-]*(?:\(\))?$/u

/**
 * Questions to go on with: what the documentation speaks of beside the places that the answer stands on.
 *
 * Out     at most `k`, those beside the best source first; never what the sources speak of themselves.
 *
 * @param passages All of them, each at the index that is its id, those of a file in their order.
 * @example followUps(retrieve(question, 6), retrieve.passages, 3) // → ['What does queries do in hono?', …]
 */
export function followUps(hits: readonly Hit[], passages: readonly Passage[], k: number): string[] {
  const taken = new Set(hits.map(({ passage }) => keyOf(passage)))
  const questions: string[] = []
  for (const { passage } of hits) {
    // One beside each source, so that not all are of the same page.
    const beside = neighbours(passage, passages).find(
      (each) => isTopic(each) && !taken.has(keyOf(each)),
    )
    if (beside === undefined || questions.length === k) continue
    taken.add(keyOf(beside))
    questions.push(toQuestion(beside))
  }
  return questions
}

/**
 * Questions to begin with, from all over the documents.
 *
 * @example topics(retrieve.passages, 4)
 */
export function topics(passages: readonly Passage[], k: number): string[] {
  const questions = [...new Set(passages.filter(isTopic).map(toQuestion))]
  const step = Math.max(1, questions.length / k)
  return questions.filter((_, n) => Math.floor(n / step) !== Math.floor((n - 1) / step)).slice(0, k)
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
  return toQuestionTerms(topic).length > 0
}

function toQuestion(passage: Passage): string {
  const topic = topicOf(passage)
  const name = passage.package.replace(/^@types\//, '')
  if (NAME.test(topic)) return `What does ${topic} do in ${name}?`
  return topic.toLowerCase().includes(name.toLowerCase()) ? topic : `${topic} in ${name}`
}
