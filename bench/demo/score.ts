import {
  answerTo,
  halves,
  isSource,
  openCorpus,
  says,
  type Corpus,
  type Question,
} from './questions.ts'

interface Score {
  source: number
  sentence: number
  answered: number
  refusals: number
  refused: number
}

/** Asks questions, and counts: the right source first, the right sentence quoted, the refusals that are right. */
export async function score(
  questions: readonly Question[],
  corpus: Corpus,
  onMiss: (miss: string) => void,
): Promise<Score> {
  const counted: Score = { source: 0, sentence: 0, answered: 0, refusals: 0, refused: 0 }
  for (const question of questions) {
    const { sources, text, followUps, refused } = await answerTo(question.ask, corpus)
    const first = sources[0]
    if (question.source) {
      const isFirst = first !== undefined && isSource(question, corpus, first)
      const isQuoted = says(question, text)
      counted.answered++
      counted.source += Number(isFirst)
      counted.sentence += Number(isQuoted)
      if (!isFirst || !isQuoted)
        onMiss(
          `${isFirst ? '        ' : 'source  '} ${isQuoted ? '        ' : 'sentence'} ${question.ask} → ${first ? `${first.package}/${first.file}, ${first.heading}` : 'refused'}`,
        )
    } else {
      const { near } = question
      const meant = followUps.some(
        (offered) => near !== undefined && offered.toLowerCase().includes(near),
      )
      const isRight = refused
        ? near === undefined || meant || corpus.docs
        : near !== undefined && first!.package.includes(near)
      counted.refusals++
      counted.refused += Number(isRight)
      if (!isRight)
        onMiss(
          `refusal           ${question.ask} → ${first ? `${first.package}/${first.file}` : `refused, offers ${followUps.join(', ') || 'nothing'}`}`,
        )
    }
  }
  return counted
}

const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`

/** Scores both halves for one corpus, and prints them; misses only of the half that tunes. */
export async function report(
  root: string,
  docs: string | undefined,
  showsAll: boolean,
): Promise<void> {
  const corpus = await openCorpus(root, docs)
  const { tuned, untouched, practice } = halves(corpus)
  process.stdout.write(`\n${corpus.name}: ${corpus.index.size} passages\n`)
  for (const [name, questions, shows] of [
    ['tuned', tuned, true],
    ['practice', practice, true],
    ['untouched', untouched, showsAll],
  ] as const) {
    const misses: string[] = []
    const { source, sentence, answered, refused, refusals } = await score(
      questions,
      corpus,
      (miss) => misses.push(miss),
    )
    process.stdout.write(
      `${name.padEnd(10)} right source first ${share(source, answered)}, right sentence quoted ${share(sentence, answered)}, refusals right ${share(refused, refusals)}\n`,
    )
    if (shows) for (const miss of misses) process.stdout.write(`    ${miss}\n`)
  }
}
